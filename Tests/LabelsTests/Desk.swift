import Codes
import Drivers
import Foundation
import Imaging
import Labels
import Ledger
import Tally

/// A terminal's queue in a database of its own, and spoolers that may die.
final class Desk: Sendable {
    let root: String
    let store: LedgerStore
    let queue: LedgerPrintQueue

    init() throws {
        root = NSTemporaryDirectory() + "tallyman-labels-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        store = try LedgerStore(DataFolder(root + "/data"))
        queue = LedgerPrintQueue(store)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }  // best effort

    struct WallClock: Tally.Clock {
        func reading() -> ClockReading {
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            return ClockReading(
                wall: Moment(milliseconds: now),
                boot: 1,
                monotonicMilliseconds: UInt64(now)
            )
        }
    }

    static var settings: SpoolerSettings {
        var settings = SpoolerSettings()
        settings.connect = 1_000
        settings.answer = 300
        settings.stall = 1_500
        settings.confirm = 2_000
        settings.mend = 20_000
        settings.poll = 20
        settings.retryFirst = 50
        settings.retryMax = 200
        settings.restart = 3_000
        return settings
    }

    func spooler(_ queue: (any PrintQueue)?, _ plant: String) -> PrintSpooler {
        PrintSpooler(
            queue: queue ?? self.queue,
            imaging: LabelBench.client,
            clock: WallClock(),
            plant: plant,
            settings: Self.settings
        )
    }

    func addPrinter(
        _ name: String,
        _ address: String,
        _ language: LabelPrinter.Language
    ) async throws {
        try await queue.save(
            try LabelPrinter(name: name, connection: address, language: language)
        )
    }

    /// Queues the sample plate.
    @discardableResult
    func order(_ printer: String, copies: Int = 1, tag: String = "PUMP-7") async throws -> Int64 {
        let pages = try LabelBench.template("plate")
            .pages(try .plate(Plate(tag: tag)), language: "zh-CN")
        return try await queue.add(
            pages,
            title: "plate \(tag)",
            to: printer,
            copies: copies,
            now: WallClock().reading().wall
        ).id
    }

    /// Runs a spooler beside `body`, and stops it.
    func running<Value: Sendable>(
        _ queue: (any PrintQueue)? = nil,
        plant: String = "test",
        _ body: () async throws -> Value
    ) async throws -> Value {
        let spooler = spooler(queue, plant)
        let task = Task { try await spooler.run() }
        defer { task.cancel() }
        let value = try await body()
        task.cancel()
        _ = await task.result
        return value
    }

    /// Waits for a job to come into one of these states.
    func wait(
        _ id: Int64,
        for states: Set<PrintState>,
        note: PrintNote? = nil,
        seconds: Double = 60
    ) async throws -> PrintJob {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let job = try await queue.job(id)
            if let job, states.contains(job.state), note == nil || job.note == note?.rawValue {
                return job
            }
            guard ContinuousClock.now < end else {
                throw Late(what: "job \(id) is \(String(describing: job))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until a print server has taken a job.
    func waitForTicket(_ id: Int64, seconds: Double = 60) async throws -> PrintJob {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let job = try await queue.job(id)
            if let job, !job.ticket.isEmpty { return job }
            guard ContinuousClock.now < end else {
                throw Late(what: "no ticket for job \(String(describing: job))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until the spooler has let a job be: sent, unknown, or queued again with a reason.
    func settled(_ id: Int64) async throws -> PrintJob {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            if let job = try await queue.job(id), job.state != .sending,
                job.state != .queued || !job.note.isEmpty
            {
                return job
            }
            guard ContinuousClock.now < end else { throw Late(what: "job \(id) is at work") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Moves a job that waits; what was sent meanwhile is ordered anew, as a person would.
    func away(_ id: Int64, to printer: String) async throws -> Int64 {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let now = WallClock().reading().wall
            do {
                return try await queue.move(id, to: printer, now: now).id
            } catch {
                let state = try await queue.job(id)?.state
                if state == .sent { return try await order(printer, tag: "PUMP-8") }
                guard ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    func until(seconds: Double, _ holds: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while !holds() {
            guard ContinuousClock.now < end else { throw Late(what: "it never came") }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    struct Late: Error, CustomStringConvertible {
        let what: String

        var description: String { what }
    }
}

/// A queue whose program dies at its n-th write: before the write is done, or right after it.
actor MortalQueue: PrintQueue {
    struct Dead: Error {}

    private let queue: LedgerPrintQueue
    private var left: Int
    private let isDone: Bool
    private(set) var hasDied = false

    init(_ queue: LedgerPrintQueue, writes: Int, lastIsDone: Bool) {
        self.queue = queue
        left = writes
        isDone = lastIsDone
    }

    private func check() throws { if hasDied { throw Dead() } }

    func printers() async throws -> [LabelPrinter] {
        try check()
        return try await queue.printers()
    }

    func save(_ printer: LabelPrinter) async throws { throw Dead() }
    func removePrinter(_ name: String) async throws { throw Dead() }

    func wasCutOff(_ printer: String) async throws -> Bool {
        try check()
        return try await queue.wasCutOff(printer)
    }

    func setCutOff(_ printer: String, _ isCutOff: Bool) async throws { throw Dead() }

    func add(
        _ pages: [LabelSheet],
        title: String,
        to printer: String,
        copies: Int,
        now: Moment
    ) async throws -> PrintJob { throw Dead() }

    func jobs(limit: Int) async throws -> [PrintJob] { throw Dead() }

    func job(_ id: Int64) async throws -> PrintJob? {
        try check()
        return try await queue.job(id)
    }

    func pages(of id: Int64) async throws -> [LabelSheet] {
        try check()
        return try await queue.pages(of: id)
    }

    func jobs(in states: Set<PrintState>) async throws -> [PrintJob] {
        try check()
        return try await queue.jobs(in: states)
    }

    func move(_ id: Int64, to printer: String, now: Moment) async throws -> PrintJob {
        throw Dead()
    }
    func retry(_ id: Int64, now: Moment) async throws -> PrintJob { throw Dead() }
    func cancel(_ id: Int64, now: Moment) async throws -> PrintJob { throw Dead() }
    func confirm(_ id: Int64, now: Moment) async throws -> PrintJob { throw Dead() }

    func change(
        _ id: Int64,
        at printer: String,
        from: Set<PrintState>,
        _ change: PrintChange
    ) async throws -> Bool {
        try check()
        left -= 1
        if left > 0 { return try await queue.change(id, at: printer, from: from, change) }
        hasDied = true
        if isDone { _ = try await queue.change(id, at: printer, from: from, change) }
        throw Dead()
    }
}
