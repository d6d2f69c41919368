import Sync
import Tally

/// What came of replaying a hub's log from nothing.
public struct PostgresReport: Sendable {
    /// What is stored of a scope.
    public struct State: Hashable, Sendable {
        /// The last position.
        public let head: UInt64
        public let digest: ScopeDigest
    }

    public fileprivate(set) var operationCount = 0
    public fileprivate(set) var cellCount = 0
    /// Complete when nothing differs.
    public fileprivate(set) var scopes: [Scope: State] = [:]
    /// The first difference; nil when log, order, state and digests agree.
    public fileprivate(set) var difference: PostgresDifference?
}

/// Where what is stored is not what the log gives.
public enum PostgresDifference: Refusal, Equatable {
    /// Operations of the log are missing.
    case log(count: Int)
    /// The order of a scope has a hole, or ends early.
    case order(Scope, position: UInt64)
    /// An entity's cells are not those that the log gives.
    case entity(EntityKey)
    /// The sums over the cells are not theirs.
    case digest(Scope)

    public var code: ProblemCode {
        switch self {
        case .log: "postgres.log_differs"
        case .order: "postgres.order_differs"
        case .entity: "postgres.entity_differs"
        case .digest: "postgres.digest_differs"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .log(let count): ["count": String(count)]
        case .order(let scope, let position):
            ["scope": scope.description, "position": String(position)]
        case .entity(let entity):
            [
                "scope": entity.scope.description, "kind": entity.kind,
                "entity": entity.id.description,
            ]
        case .digest(let scope): ["scope": scope.description]
        }
    }
}

extension PostgresStore {
    /// Replays the whole log from nothing and holds it against what is stored, on one consistent
    /// state, beside what the hubs do.
    ///
    /// - Parameter reducer: the one that made the stored state.
    /// - Returns: what was looked at, and the first difference.
    /// - Throws: when the database cannot be read; what differs is in the report.
    public func verify(_ reducer: Reducer) throws -> PostgresReport {
        try read { reading in
            var verifier = Verifier(reading: reading, reducer: reducer)
            do {
                try verifier.run()
            } catch let difference as PostgresDifference {
                verifier.report.difference = difference
            }
            return verifier.report
        }
    }
}

/// Goes through log, order, cells and sums.
private struct Verifier {
    let reading: any ReplicaReading
    let reducer: Reducer
    var report = PostgresReport()

    mutating func run() throws {
        try countLog()
        for scope in try reading.scopes() { try look(at: scope) }
    }

    /// Every row of the log can be read, and none is missing.
    private mutating func countLog() throws {
        let pageCount = 1_000
        while true {
            let page = try reading.log(offset: report.operationCount, limit: pageCount)
            report.operationCount += page.count
            guard page.count < pageCount else { continue }
            // Ordinals have no gap: where one is missing, the page before says less than it should.
            let rest = try reading.log(offset: report.operationCount, limit: 1)
            guard rest.isEmpty else { throw PostgresDifference.log(count: report.operationCount) }
            return
        }
    }

    private mutating func look(at scope: Scope) throws {
        let head = try reading.head(of: scope)
        var position: UInt64 = 0
        while position < head {
            let page = try reading.stream(scope, after: position, limit: 1_000)
            for logged in page {
                position += 1
                guard logged.judgement?.position == position else {
                    throw PostgresDifference.order(scope, position: position)
                }
            }
            if page.isEmpty { throw PostgresDifference.order(scope, position: position + 1) }
        }
        let replayed = ReplayedCells()
        try reducer.replay(scope, from: reading, into: replayed)
        var left = replayed.cells
        var sum = ScopeDigest()
        try reading.eachCell(of: scope) { entity, key, value in
            report.cellCount += 1
            sum.add(key, of: entity, value)
            guard left[entity]?.removeValue(forKey: key) == value else {
                throw PostgresDifference.entity(entity)
            }
        }
        if let lost = left.filter({ !$0.value.isEmpty }).keys.min() {
            throw PostgresDifference.entity(lost)
        }
        var leaves = ScopeDigest()
        try reading.eachLeaf(of: scope, in: DigestRange.root.buckets) { leaves.add($1) }
        let slice = try reading.scrub(scope, after: nil, cellCount: .max)
        let digest = try reading.digest(of: scope)
        guard slice.differing.isEmpty, sum == digest, leaves == digest else {
            throw PostgresDifference.digest(scope)
        }
        report.scopes[scope] = PostgresReport.State(head: head, digest: digest)
    }
}

/// The cells of a scope in memory, made anew.
private final class ReplayedCells: CellSpace {
    private(set) var cells: [EntityKey: [[UInt8]: [UInt8]]] = [:]

    func cell(_ key: CellKey, of entity: EntityKey) -> [UInt8]? { cells[entity]?[key.bytes] }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) {
        cells[entity, default: [:]][key.bytes] = value
    }
}
