import Dispatch
import Glibc
import Imaging
import Labels
import Synchronization
import Tally

/// Carries the print queue to the printers: one job a printer at a time, all printers at once.
public final class PrintSpooler: Sendable {
    private enum Event: Sendable {
        case woken
        case ended(printer: String, PrinterRun.Outcome)
    }

    private let queue: any PrintQueue
    private let imaging: ImagingWorkerClient
    private let clock: any Clock
    private let plant: String
    private let settings: SpoolerSettings
    private let resting: Set<String>
    private let report: @Sendable (String) -> Void
    private let events: AsyncStream<Event>
    private let tell: AsyncStream<Event>.Continuation
    private let threads = Mutex<[String: DispatchQueue]>([:])

    /// Prepares a spooler; ``run()`` starts it.
    ///
    /// - Parameters:
    ///   - queue: where the jobs are.
    ///   - imaging: draws them; better not the client that reads scans, which would wait.
    ///   - clock: tells when something happened.
    ///   - plant: a name that no other terminal has, for print servers.
    ///   - settings: how long to wait.
    ///   - resting: printers that are left alone until the next start; their jobs wait.
    ///   - report: told what went wrong in the program itself.
    public init(
        queue: any PrintQueue,
        imaging: ImagingWorkerClient,
        clock: any Clock,
        plant: String,
        settings: SpoolerSettings = SpoolerSettings(),
        resting: Set<String> = [],
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.queue = queue
        self.imaging = imaging
        self.clock = clock
        self.plant = plant
        self.settings = settings
        self.resting = resting
        self.report = report
        (events, tell) = AsyncStream.makeStream()
    }

    /// Says that the queue has changed.
    public func wake() { tell.yield(.woken) }

    /// Settles what an earlier program left behind, then prints until the task is cancelled.
    public func run() async throws {
        // A printer that goes away is an error of one job, not the end of the program (signal(7)).
        signal(SIGPIPE, SIG_IGN)
        try await recover()
        var plan = Plan(settings)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [tell, settings] in
                // What is due is kept in the plan; this only makes it be looked at.
                while true {
                    tell.yield(.woken)
                    try await Task.sleep(for: .milliseconds(min(settings.retryFirst, 500)))
                }
            }
            for await event in events {
                if case .ended(let printer, let outcome) = event { plan.end(printer, outcome) }
                for job in try await due(plan) {
                    plan.begin(job.printer)
                    group.addTask { await self.attempt(job) }
                }
            }
            group.cancelAll()
        }
    }

    // MARK: - Starting

    /// Judges what was on its way when an earlier program ended: what cannot have printed waits
    /// again, what may have is for a person, and what a print server has is asked about.
    private func recover() async throws {
        let printers = try await printers()
        let now = clock.reading().wall
        for job in try await queue.jobs(in: [.sending]) {
            if let printer = printers[job.printer], printer.connection.hasPrefix("ipp:") {
                continue
            }
            let change =
                job.isArmed
                ? PrintChange(.unknown, .interrupted, at: now)
                : PrintChange(.queued, .interrupted, at: now)
            _ = try await queue.change(job.id, at: job.printer, from: [.sending], change)
        }
    }

    private func printers() async throws -> [String: LabelPrinter] {
        Dictionary(try await queue.printers().map { ($0.name, $0) }) { first, _ in first }
    }

    /// The next job of every printer that is free and due.
    private func due(_ plan: Plan) async throws -> [PrintJob] {
        var next: [String: PrintJob] = [:]
        let waiting = try await queue.jobs(in: [.sending, .queued])
        let jobs = waiting.filter { !resting.contains($0.printer) }
        for job in waiting where resting.contains(job.printer) && job.state == .queued {
            guard job.note != PrintNote.disabled.rawValue else { continue }
            let told = PrintChange(.queued, .disabled, at: clock.reading().wall)
            _ = try await queue.change(job.id, at: job.printer, from: [.queued], told)
        }
        // What a server has already goes before what waits.
        for job in jobs.filter({ $0.state == .sending }) + jobs.filter({ $0.state == .queued })
        where next[job.printer] == nil && plan.isFree(job.printer) {
            next[job.printer] = job
        }
        return Array(next.values)
    }

    // MARK: - Working

    private func attempt(_ job: PrintJob) async {
        var outcome = PrinterRun.Outcome.later
        do {
            if let printer = try await printers()[job.printer] {
                let run = PrinterRun(
                    queue: queue,
                    printer: printer,
                    imaging: imaging,
                    clock: clock,
                    settings: settings,
                    thread: thread(printer.name),
                    plant: plant
                )
                outcome =
                    job.state == .sending ? try await run.watch(job) : try await run.print(job)
            } else {
                let gone = PrintChange(.failed, .noPrinter, at: clock.reading().wall)
                _ = try await queue.change(job.id, at: job.printer, from: [.queued], gone)
                outcome = .done
            }
        } catch is CancellationError {
            // The program ends; the job's state on the disk is what is known.
        } catch {
            report("print job \(job.id): \(error)")
        }
        tell.yield(.ended(printer: job.printer, outcome))
    }

    private func thread(_ printer: String) -> DispatchQueue {
        threads.withLock { threads in
            if let thread = threads[printer] { return thread }
            let thread = DispatchQueue(label: "printer.\(printer)")
            threads[printer] = thread
            return thread
        }
    }

    // MARK: - Patience

    /// Which printers are at work, and which are let alone for a while.
    private struct Plan {
        private let settings: SpoolerSettings
        private var busy: Set<String> = []
        private var failures: [String: Int] = [:]
        private var due: [String: Int] = [:]

        init(_ settings: SpoolerSettings) { self.settings = settings }

        func isFree(_ printer: String) -> Bool {
            !busy.contains(printer) && due[printer, default: 0] <= PrinterWire.now()
        }

        mutating func begin(_ printer: String) { busy.insert(printer) }

        mutating func end(_ printer: String, _ outcome: PrinterRun.Outcome) {
            busy.remove(printer)
            switch outcome {
            case .done:
                failures[printer] = nil
                due[printer] = nil
            case .later:
                let count = min(failures[printer, default: 0], 10)
                failures[printer] = count + 1
                let wait = min(settings.retryMax, settings.retryFirst << count)
                due[printer] = PrinterWire.now() + wait
            }
        }
    }
}
