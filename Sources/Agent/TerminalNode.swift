import Codes
import Receiving
import Sync
import Tally
import Workforce

/// The terminal: takes what people scan and do, and records it.
///
/// It decides; the shells around it open transactions, move bytes and tell the time. Nothing here
/// waits for the network. Every call is one transaction of the caller: what `run` gives back is
/// saved once that transaction is durable, and not before.
public struct TerminalNode: Sendable {
    /// The area of a site where machines stand and line workers report.
    public static let floorArea = "FLOOR"

    public package(set) var terminal: TerminalReplica
    let compressor: any Compressor
    var rules: CodeRules
    /// How many seconds the terminal's clock on the wall is ahead of UTC at a moment.
    let utcOffset: @Sendable (Moment) -> Int

    /// Opens the terminal of a store: makes its key when the store is new, and brings the state up
    /// to this program's reducer.
    ///
    /// - Parameters:
    ///   - transaction: the terminal's store.
    ///   - vocabulary: every operation that this program knows.
    ///   - compressor: what delivery notes are packed with.
    ///   - rules: how suppliers' own codes are read.
    ///   - utcOffset: how many seconds the clock on the wall is ahead of UTC at a moment.
    ///   - dice: for keys.
    ///   - speaks: the versions of the protocol; fewer than this program's only in the simulator.
    ///   - defects: wilful faults; none outside the simulator.
    /// - Throws: what the store throws.
    public init(
        opening transaction: any ReplicaTransaction,
        vocabulary: Vocabulary,
        compressor: any Compressor,
        rules: CodeRules = .none,
        utcOffset: @escaping @Sendable (Moment) -> Int = { _ in 0 },
        dice: inout some Dice,
        speaks: ProtocolVersions = .spoken,
        defects: Set<Defect> = []
    ) throws {
        let reducer = Reducer(vocabulary, defects: defects)
        let isUpgraded = try reducer.upgradeIfNeeded(in: transaction)
        self.compressor = compressor
        self.rules = rules
        self.utcOffset = utcOffset
        terminal = TerminalReplica(
            try Replica.open(transaction, dice: &dice),
            reducer,
            speaks: speaks,
            defects: defects
        )
        if defects.contains(.forgottenOnStart)
            || isUpgraded && defects.contains(.forgottenOnUpgrade)
        {
            try terminal.forgetUnsent(in: transaction)
        }
    }

    /// What scanned texts mean here.
    var parser: CodeParser { CodeParser(compressor: compressor, rules: rules) }

    /// Reads entities as this terminal knows them, its own unsent records included.
    public func reader(_ reading: any ReplicaReading) -> EntityReader {
        EntityReader(reading, terminal.reducer)
    }

    /// The site that this terminal was enrolled for.
    public func site(in reading: any ReplicaReading) throws -> String {
        let scopes = try TerminalReplica.enrolment(in: reading)?.scopes ?? []
        guard let scope = scopes.first(where: { $0 != .company }) else {
            throw AgentRefusal.notEnrolled
        }
        return scope.site
    }

    /// What a command came to.
    public struct Saved: Hashable, Sendable {
        /// What was recorded, in order; empty when there was nothing new to say.
        public let operations: [OperationID]
        /// What it is about.
        public let entity: EntityKey
    }

    /// Runs a command for a worker.
    ///
    /// - Parameters:
    ///   - command: what the person wants recorded.
    ///   - worker: the badge code of who is signed in.
    ///   - reading: the clocks now.
    ///   - dice: for ids and the incarnation.
    ///   - transaction: the terminal's store.
    /// - Returns: what was recorded, and about which entity.
    /// - Throws: a ``Refusal`` when the rules do not allow it; nothing is recorded then.
    public mutating func run(
        _ command: FloorCommand,
        by worker: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Saved {
        // First, since a terminal that was never enrolled knows no workers either.
        let site = try site(in: transaction)
        let badge = NaturalKey.code(worker)
        guard Worker(try reader(transaction).record(of: Worker.key(badge: badge))) != nil else {
            throw AgentRefusal.unknownWorker(worker)
        }
        let desk = FloorDesk(
            site: site,
            worker: badge,
            reader: reader(transaction),
            parser: parser,
            compressor: compressor,
            now: try ClockFixes.now(reading, in: transaction),
            utcOffset: utcOffset
        )
        let (entity, drafts) = try desk.drafts(for: command, dice: &dice)
        let operations = try terminal.record(
            drafts,
            by: badge,
            reading: reading,
            dice: &dice,
            in: transaction
        )
        return Saved(operations: operations.map(\.id), entity: entity)
    }

    // MARK: - Sync

    /// Takes the hub's answer to what this terminal sent up; see
    /// ``TerminalReplica/apply(_:to:at:in:)-(UpRequest)``.
    ///
    /// - Parameters:
    ///   - answer: the message.
    ///   - request: what it answers.
    ///   - clocks: the clocks when it came.
    ///   - dice: for the key of a new identity, when this terminal turns out to be a copy.
    ///   - transaction: the terminal's store.
    /// - Returns: what came of it.
    /// - Throws: ``SyncRefusal`` when it is no answer to this request.
    public mutating func take(
        _ answer: [UInt8],
        to request: UpRequest,
        at clocks: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> TerminalReplica.PushOutcome {
        let outcome = try terminal.apply(answer, to: request, at: clocks, in: transaction)
        try terminal.prepareSuccession(dice: &dice, in: transaction)
        return outcome
    }
}
