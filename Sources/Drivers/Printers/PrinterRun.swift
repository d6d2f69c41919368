import Dispatch
import Imaging
import Labels
import Tally

/// One job on its way to one printer.
///
/// The order of writing and sending is what keeps a job from being lost or printed twice:
///
/// 1. *sending* is on the disk before the first byte goes out. Cut off here, nothing can have
///    printed, and the job is queued again.
/// 2. *armed* is on the disk before the last bytes go out, those that make the printer print. Cut
///    off after that, the job is unknown.
/// 3. *sent* once the printer's side has all of it; *printed* when the printer says so.
struct PrinterRun: Sendable {
    /// How an attempt ended, for the spooler's patience.
    enum Outcome: Sendable {
        case done
        /// Nothing went wrong with the job; try again later.
        case later
    }

    let queue: any PrintQueue
    let printer: LabelPrinter
    let imaging: ImagingWorkerClient
    let clock: any Clock
    let settings: SpoolerSettings
    let thread: DispatchQueue
    /// The terminal's own name at print servers.
    let plant: String

    var now: Moment { clock.reading().wall }

    /// Tries to print a queued job.
    func print(_ job: PrintJob) async throws -> Outcome {
        let connection: PrinterConnection
        do {
            connection = try PrinterConnection(printer.connection)
        } catch {
            return try await fail(job, .trouble, error.plainText)
        }
        if case .server(let host, let port, let path) = connection.kind {
            return try await serverRun(host, port, path).print(job)
        }
        let stream: PrintStream
        do {
            stream = try await drawn(job)
        } catch let refusal as any Refusal {
            return try await fail(job, .notDrawn, refusal.plainText)
        }
        return try await send(stream, job, connection)
    }

    /// Goes on with a job that a print server has, or may have.
    func watch(_ job: PrintJob) async throws -> Outcome {
        let connection = try PrinterConnection(printer.connection)
        guard case .server(let host, let port, let path) = connection.kind else {
            // The printer's connection was changed meanwhile: nobody can say.
            _ = try await change(job, [.sending], PrintChange(.unknown, .interrupted, at: now))
            return .done
        }
        return try await serverRun(host, port, path).watch(job)
    }

    private func serverRun(_ host: String, _ port: UInt16, _ path: String) -> ServerRun {
        let server = PrintServer(
            host: host,
            port: port,
            path: path,
            milliseconds: settings.connect
        )
        return ServerRun(run: self, server: server)
    }

    // MARK: - Drawing

    /// The label in the printer's language.
    func drawn(_ job: PrintJob) async throws -> PrintStream {
        let pages = try await queue.pages(of: job.id)
        if printer.language == .pdf {
            let files = try await imaging.filesInBackground(of: pages, as: .pdf)
            return PrintStream(load: [], trigger: files.first ?? [])
        }
        if let wide = pages.first(where: { $0.width > printer.width }) {
            throw DrawingRefusal.tooWide(wide.width / 1000, printer.width / 1000)
        }
        let dots = try await imaging.dotsInBackground(of: pages, resolution: printer.resolution)
        return printer.language.encoder.stream(
            dots,
            resolution: printer.resolution,
            copies: job.copies
        )
    }

    // MARK: - Sending

    private func send(
        _ stream: PrintStream,
        _ job: PrintJob,
        _ connection: PrinterConnection
    ) async throws -> Outcome {
        let wire: PrinterWire
        let answers: Bool
        do {
            (wire, answers) = try await readied(try await connected(connection), connection)
        } catch let trouble as Unready {
            return try await wait(job, trouble.note, trouble.detail)
        }
        var start = PrintChange(.sending, at: now)
        start.isAttempt = true
        start.isArmed = false
        start.isCutOff = true
        guard try await change(job, [.queued], start) else { return .done }
        do {
            try await onThread { [wire] in
                try wire.send(stream.load, milliseconds: settings.stall)
            }
        } catch WireTrouble.cutOff(let reason), WireTrouble.off(let reason) {
            // The bytes that print were not among these.
            let back = PrintChange(.queued, .cutOff, detail: reason, at: now)
            _ = try await change(job, [.sending], back)
            return .later
        }
        var armed = PrintChange(.sending, at: now)
        armed.isArmed = true
        guard try await change(job, [.sending], armed) else { return .done }
        do {
            try await onThread { [wire] in
                try wire.send(stream.trigger, milliseconds: settings.stall)
            }
        } catch WireTrouble.cutOff(let reason), WireTrouble.off(let reason) {
            let late = PrintChange(.unknown, .cutOffLate, detail: reason, at: now)
            _ = try await change(job, [.sending], late)
            return .done
        }
        var sent = PrintChange(.sent, .unconfirmed, at: now)
        sent.isCutOff = false
        guard try await change(job, [.sending], sent) else { return .done }
        try await confirm(job, wire, answers, stream.mark)
        return .done
    }

    private func connected(_ connection: PrinterConnection) async throws -> PrinterWire {
        do {
            return try await onThread {
                try PrinterWire(connection, milliseconds: settings.connect)
            }
        } catch WireTrouble.off(let reason), WireTrouble.cutOff(let reason) {
            throw Unready(note: .off, detail: reason)
        }
    }

    /// A wire to a printer that is well and holds no half label, and whether it answers.
    private func readied(
        _ wire: PrinterWire,
        _ connection: PrinterConnection
    ) async throws -> (PrinterWire, answers: Bool) {
        var wire = wire
        let language = printer.language.encoder
        var report = try await report(wire)
        let isMarked = try await queue.wasCutOff(printer.name)
        if isMarked || report?.holdsHalfALabel == true {
            wire = try await cleared(wire, connection, language)
            report = try await self.report(wire)
        }
        if let report, report.trouble != .none {
            throw Unready(note: report.trouble, detail: report.detail)
        }
        return (wire, report != nil)
    }

    private func report(
        _ wire: PrinterWire,
        keepingEarlier: Bool = false
    ) async throws -> PrinterReport? {
        do {
            return try await onThread {
                try wire.ask(
                    printer.language.encoder,
                    milliseconds: settings.answer,
                    keepingEarlier: keepingEarlier
                )
            }
        } catch WireTrouble.off(let reason), WireTrouble.cutOff(let reason) {
            throw Unready(note: .off, detail: reason)
        }
    }

    /// Throws away what is left of a label that was cut off.
    private func cleared(
        _ wire: PrinterWire,
        _ connection: PrinterConnection,
        _ language: any PrinterLanguage
    ) async throws -> PrinterWire {
        do {
            try await onThread { try wire.send(language.clearing, milliseconds: settings.stall) }
        } catch WireTrouble.off(let reason), WireTrouble.cutOff(let reason) {
            // A printer that starts anew hangs up.
            guard language.clearingRestarts else { throw Unready(note: .off, detail: reason) }
        }
        guard language.clearingRestarts else { return wire }
        let end = ContinuousClock.now + .milliseconds(settings.restart)
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(settings.poll))
            do {
                let fresh = try await connected(connection)
                if !fresh.canAnswer { return fresh }
                if try await report(fresh) != nil { return fresh }
            } catch is Unready {
                // Not up yet.
            }
        }
        throw Unready(note: .off, detail: "no answer after it was cleared")
    }

    // MARK: - Confirming

    /// Asks the printer until it says that the label is done, or nothing more can be learned.
    ///
    /// A printer that answered before and is gone now leaves the job unknown.
    private func confirm(
        _ job: PrintJob,
        _ wire: PrinterWire,
        _ answers: Bool,
        _ mark: UInt32?
    ) async throws {
        guard wire.canAnswer else { return }
        var watch = ConfirmationWatch(
            settings,
            copies: job.copies,
            tellsBusy: printer.language == .tspl,
            tellsIdle: printer.language == .zpl,
            mark: mark
        )
        var shown = PrintNote.unconfirmed
        while true {
            let report: PrinterReport?
            do {
                report = try await self.report(wire, keepingEarlier: mark != nil)
            } catch let trouble as Unready {
                var lost = PrintChange(
                    answers ? .unknown : .sent,
                    answers ? .cutOffLate : .unconfirmed,
                    detail: trouble.detail,
                    at: now
                )
                if answers { lost.isCutOff = true }
                _ = try await change(job, [.sent], lost)
                return
            }
            switch watch.take(report, at: PrinterWire.now()) {
            case .printed:
                _ = try await change(job, [.sent], PrintChange(.printed, at: now))
                return
            case .givenUp: return
            case .waiting(let note, let detail):
                if note != shown {
                    shown = note
                    let told = PrintChange(.sent, note, detail: detail, at: now)
                    guard try await change(job, [.sent], told) else { return }
                }
            }
            try await Task.sleep(for: .milliseconds(settings.poll))
        }
    }

    // MARK: - Telling

    /// The job stays queued, with the reason.
    func wait(_ job: PrintJob, _ note: PrintNote, _ detail: String) async throws -> Outcome {
        if job.note != note.rawValue || job.detail != detail {
            let told = PrintChange(.queued, note, detail: detail, at: now)
            _ = try await change(job, [.queued], told)
        }
        return .later
    }

    func fail(_ job: PrintJob, _ note: PrintNote, _ detail: String) async throws -> Outcome {
        _ = try await change(
            job,
            [.queued, .sending],
            PrintChange(.failed, note, detail: detail, at: now)
        )
        return .done
    }

    func change(
        _ job: PrintJob,
        _ from: Set<PrintState>,
        _ change: PrintChange
    ) async throws -> Bool {
        try await queue.change(job.id, at: printer.name, from: from, change)
    }

    /// Work that blocks, on the printer's own thread.
    func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            thread.async { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// The printer cannot take a job now.
    private struct Unready: Error {
        let note: PrintNote
        let detail: String
    }
}

/// Why a label cannot be printed on a printer.
enum DrawingRefusal: Refusal, Equatable {
    /// In millimetres.
    case tooWide(Int, Int)

    var code: ProblemCode { "printing.too_wide" }

    var facts: [String: String] {
        switch self {
        case .tooWide(let label, let printer):
            ["label": String(label), "printer": String(printer)]
        }
    }
}

extension LabelPrinter.Language {
    /// What speaks it; PDF goes to print servers as a file and has no status.
    public var encoder: any PrinterLanguage {
        switch self {
        case .zpl, .pdf: ZPL()
        case .tspl: TSPL()
        case .escpos: ESCPOS()
        }
    }
}
