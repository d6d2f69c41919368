import Foundation
import Labels
import Tally

/// What a person or a program may do with the labels and printers of a terminal: the same for the
/// kiosk page, the API and the commands.
public struct PrintDesk: Sendable {
    /// Jobs that are over and are shown.
    public static let shownMax = 50

    /// A label that is to be printed.
    public struct Order: Codable, Sendable {
        /// A template's name.
        public var label: String
        public var fields: [String: String]?
        public var lists: [String: [[String: String]]]?
        public var printer: String
        public var copies: Int?
        /// `zh-CN` or `en`; Chinese when absent.
        public var language: String?
        /// What the queue shows; made from the fields when absent.
        public var title: String?

        public init(label: String, printer: String) {
            self.label = label
            self.printer = printer
        }
    }

    /// What may be done with a job.
    public enum Action: String, Codable, Sendable, CaseIterable {
        case retry, move, confirm, cancel
    }

    /// A filled label and what the queue calls it.
    public struct Filled: Sendable {
        public let title: String
        public let pages: [LabelSheet]

        public init(title: String, pages: [LabelSheet]) {
            self.title = title
            self.pages = pages
        }
    }

    public let queue: any PrintQueue
    private let fill: @Sendable (Order) async throws -> Filled
    private let wake: @Sendable () -> Void
    private let clock: any Tally.Clock

    /// A desk.
    ///
    /// - Parameters:
    ///   - queue: the terminal's.
    ///   - fill: fills a template in.
    ///   - wake: tells the spooler that there is something to do.
    ///   - clock: the machine's.
    public init(
        queue: any PrintQueue,
        fill: @escaping @Sendable (Order) async throws -> Filled,
        wake: @escaping @Sendable () -> Void,
        clock: any Tally.Clock
    ) {
        self.queue = queue
        self.fill = fill
        self.wake = wake
        self.clock = clock
    }

    private var now: Moment { clock.reading().wall }

    /// Puts a label into the queue.
    ///
    /// - Throws: a refusal of labels or printing; nothing is queued then.
    public func print(_ order: Order) async throws -> PrintJob {
        let filled = try await fill(order)
        return try await print(
            filled.pages,
            title: order.title ?? filled.title,
            to: order.printer,
            copies: order.copies ?? 1
        )
    }

    /// Puts a label that is filled in already into the queue.
    ///
    /// - Throws: a refusal of printing; nothing is queued then.
    public func print(
        _ pages: [LabelSheet],
        title: String,
        to printer: String,
        copies: Int
    ) async throws -> PrintJob {
        let job = try await queue.add(pages, title: title, to: printer, copies: copies, now: now)
        wake()
        return job
    }

    /// Does something with a job.
    ///
    /// - Parameters:
    ///   - action: what.
    ///   - id: the job's number.
    ///   - printer: where to, for a move.
    /// - Returns: the job as it is then.
    /// - Throws: a refusal of printing; nothing is changed then.
    public func act(_ action: Action, on id: Int64, to printer: String?) async throws -> PrintJob {
        let job =
            switch action {
            case .retry: try await queue.retry(id, now: now)
            case .move: try await queue.move(id, to: printer ?? "", now: now)
            case .confirm: try await queue.confirm(id, now: now)
            case .cancel: try await queue.cancel(id, now: now)
            }
        wake()
        return job
    }

    /// The queue, the newest first.
    public func jobs() async throws -> [PrintJob] { try await queue.jobs(limit: Self.shownMax) }

    /// What may be done with a job now.
    public static func actions(_ job: PrintJob) -> [Action] {
        Action.allCases.filter { action in
            switch action {
            case .retry: PrintRules.retryable.contains(job.state)
            case .move: PrintRules.movable.contains(job.state)
            case .confirm: PrintRules.confirmable.contains(job.state)
            case .cancel:
                PrintRules.cancellable.contains(job.state)
                    || job.state == .sending && !job.ticket.isEmpty && !job.isRecalled
            }
        }
    }
}

/// A print job as JSON.
public struct PrintJobDocument: Codable, Sendable {
    public let id: Int64
    public let title: String
    public let printer: String
    public let copies: Int
    public let state: String
    public let note: String
    public let detail: String
    public let queued: String
    public let changed: String
    public let attempts: Int
    public let reprints: Int

    public init(_ job: PrintJob) {
        id = job.id
        title = job.title
        printer = job.printer
        copies = job.copies
        state = job.state.rawValue
        note = job.note
        detail = job.detail
        queued = job.queued.description
        changed = job.changed.description
        attempts = job.attempts
        reprints = job.reprints
    }
}

/// A printer as JSON.
public struct PrinterDocument: Codable, Sendable {
    public let name: String
    public let connection: String
    public let language: String
    /// Dots an inch.
    public let resolution: Int
    public let widthMillimetres: Int

    public init(_ printer: LabelPrinter) {
        name = printer.name
        connection = printer.connection
        language = printer.language.rawValue
        resolution = printer.resolution
        widthMillimetres = printer.width / 1_000
    }
}
