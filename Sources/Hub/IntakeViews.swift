import Sync
import Tally

/// Bytes that the hub keeps aside, as the office sees them.
public struct KeptView: Codable, Hashable, Sendable {
    public let ticket: UInt64
    /// The terminal's name; its replica id where the hub knows no name.
    public let terminal: String
    public let received: String
    /// `quarantined`, or `waiting` for what comes before it.
    public let verdict: String
    /// A problem code.
    public let reason: String
    /// `held`, `released`, `dismissed`, `placed` or `recorded_again`.
    public let state: String
    public let settled: String?
    public let person: String
    public let remark: String
    /// What it says it is, when the bytes can be read.
    public let type: String?
    public let entity: String?
    public let worker: String?
    public let scope: String?
    /// The bytes in hexadecimal digits.
    public let bytes: String

    init(_ record: QuarantinedRecord, terminal: String) {
        let operation = record.operation
        ticket = record.ticket
        self.terminal = terminal
        received = record.received.description
        verdict = record.verdict == .waiting ? "waiting" : "quarantined"
        reason = record.reason
        state =
            switch record.state {
            case .held: "held"
            case .released: "released"
            case .dismissed: "dismissed"
            case .placed: "placed"
            case .recordedAgain: "recorded_again"
            }
        settled = record.settled?.description
        person = record.person
        remark = record.remark
        type = operation?.type
        entity = operation.map { "\($0.entity.kind) \($0.entity.id)" }
        worker = operation?.author
        scope = operation?.scope.description
        bytes = record.bytes.hexadecimal
    }
}

/// An enrolled terminal, as the office sees it.
public struct TerminalView: Codable, Hashable, Sendable {
    /// One identity in two machines.
    public struct Clone: Codable, Hashable, Sendable {
        public let noticed: String
        /// The identity that the later machine took since.
        public let successor: String?
    }

    public let name: String
    public let replica: String
    public let scopes: [String]
    /// When it last sent something.
    public let seen: String?
    public let revoked: String?
    /// The identity that it had before.
    public let former: String?
    public let chains: Int
    public let held: Int
    public let clones: [Clone]
    /// Whether a restored hub waits for what it holds.
    public let isAwaited: Bool

    init(_ state: HubReplica.TerminalState, isAwaited: Bool) {
        self.isAwaited = isAwaited
        name = state.terminal.name
        replica = state.terminal.replica.description
        scopes = state.terminal.scopes.map(\.description)
        seen = state.seen?.description
        revoked = state.terminal.revoked?.description
        former = state.terminal.former?.description
        chains = state.chains.count
        held = state.heldCount
        clones = state.clones.map {
            Clone(noticed: $0.noticed.description, successor: $0.successor?.description)
        }
    }
}

extension HubNode {
    /// What the hub keeps aside, in the order in which it came; settled records too with `all`.
    public func keptAside(all: Bool, in reading: any ReplicaReading) throws -> [KeptView] {
        let names = Dictionary(
            try HubReplica.terminals(in: reading).map { ($0.terminal.replica, $0.terminal.name) }
        ) { first, _ in first }
        return try reading.quarantine(after: 0, held: !all, limit: 10_000).map { record in
            KeptView(record, terminal: names[record.sender] ?? record.sender.description)
        }
    }

    /// Every terminal that was ever enrolled, by name.
    public func terminals(in reading: any ReplicaReading) throws -> [TerminalView] {
        let awaited = Set(try HubReplica.awaited(in: reading))
        return try HubReplica.terminals(in: reading).map {
            TerminalView($0, isAwaited: awaited.contains($0.terminal.replica))
        }
    }

    /// Notes that kept bytes shall not count, and why.
    public func dismiss(
        _ ticket: UInt64,
        by person: String,
        because remark: String,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        try replica.dismiss(ticket, by: person, because: remark, now: now, in: transaction)
    }

    /// Gives every identity of a terminal of this name, or the one with this replica id, to another
    /// site.
    ///
    /// The terminal learns of it by itself. What it recorded for its former site and had not sent
    /// is kept aside for a person.
    public static func move(
        _ terminal: String,
        to site: String,
        in transaction: any ReplicaTransaction
    ) throws {
        let site = NaturalKey.code(site)
        guard try sites(in: transaction).contains(site) else { throw HubRefusal.unknownSite(site) }
        for terminal in try identities(terminal, in: transaction) {
            try HubReplica.setScopes(scopes(of: site), of: terminal.replica, in: transaction)
        }
    }

    private static func identities(
        _ terminal: String,
        in reading: any ReplicaReading
    ) throws -> [EnrolledTerminal] {
        let known = try HubReplica.terminals(in: reading).map(\.terminal)
        let meant = known.filter { $0.name == terminal || $0.replica.description == terminal }
        guard !meant.isEmpty else { throw HubRefusal.unknownTerminal(terminal) }
        return meant
    }

    /// Revokes every identity of a terminal of this name, or the one with this replica id.
    public static func revoke(
        _ terminal: String,
        now: Moment,
        in transaction: any ReplicaTransaction
    ) throws {
        for terminal in try identities(terminal, in: transaction) {
            try HubReplica.revoke(terminal.replica, now: now, in: transaction)
        }
    }
}
