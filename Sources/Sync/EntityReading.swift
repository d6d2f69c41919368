import Tally

/// Reads entities for the domain rooms: confirmed cells, with the replica's own operations that the
/// hub has not judged yet replayed on top.
public struct EntityReader {
    private let reading: any ReplicaReading
    private let reducer: Reducer

    public init(_ reading: any ReplicaReading, _ reducer: Reducer) {
        self.reading = reading
        self.reducer = reducer
    }

    /// All that is known of an entity; an empty record when that is nothing.
    public func record(of key: EntityKey) throws -> EntityRecord {
        let space = EntityCells(try reading.cells(of: key))
        let unjudged = try reading.unjudged(about: key)
        if !unjudged.isEmpty, let own = try Replica.id(in: reading) {
            // After a hub was restored, operations of others lie here without a judgement too:
            // whether they still count is that hub's to say.
            for logged in unjudged where logged.operation.id.replica == own {
                if try Self.isTaken(logged.operation, in: space) { continue }
                try reducer.predict(logged, in: space)
            }
        }
        return try Self.record(key, space.cells, reducer.vocabulary)
    }

    /// Whether the hub's state has the operation already: a snapshot has what the hub had taken,
    /// without telling its place to the log.
    private static func isTaken(_ operation: Operation, in space: EntityCells) throws -> Bool {
        let entity = operation.entity
        switch operation.kind {
        case .fact: return space.cell(.fact(operation.id), of: entity) != nil
        case .transition: return space.cell(.move(operation.id), of: entity) != nil
        case .edit:
            guard let cell = space.cell(.field(operation.type), of: entity) else { return false }
            return try Register(cell: cell).knows(operation.id)
        case .decision, nil: return false
        }
    }

    /// The records of all entities of a kind, sorted by entity; nil for all scopes.
    public func records(kind: String, in scope: Scope? = nil) throws -> [EntityRecord] {
        try reading.entities(kind: kind, in: scope).map(record(of:))
    }

    /// The entities of a kind, sorted; nil for all scopes.
    public func entities(kind: String, in scope: Scope? = nil) throws -> [EntityKey] {
        try reading.entities(kind: kind, in: scope)
    }

    private static func record(
        _ key: EntityKey,
        _ cells: [CellKey: [UInt8]],
        _ vocabulary: Vocabulary
    ) throws -> EntityRecord {
        var record = EntityRecord(key: key)
        record.stage = vocabulary.lifecycles[key.kind]?.initial
        for (name, value) in cells {
            switch name {
            case .fact: record.facts.append(try Recorded(cell: value))
            case .field(let field): record.fields[field] = try Register(cell: value).values
            case .stage: record.stage = try StageCell(cell: value).stage
            case .move: record.moves.append(try JudgedMove(cell: value))
            case .decision(let type): record.decisions[type] = try Recorded(cell: value)
            case .held, .opaque: break
            }
        }
        record.facts.sort { $0.evidence.operation < $1.evidence.operation }
        record.moves.sort { $0.recorded.evidence.operation < $1.recorded.evidence.operation }
        return record
    }
}
