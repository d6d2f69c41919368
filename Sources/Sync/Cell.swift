import Tally

// State is a map of cells, and every operation writes at most two of them. A cell is named by its
// entity and one of the keys below; its value is canonical bytes. The digest of a scope is the sum
// of the hashes of its cells, so it costs the same to keep at ten rows and at ten million.
//
//   key                   bytes of the key         value
//   fact(operation)       01 + 32 bytes            who, when, type, payload
//   field(name)           02 + UTF-8               the values in force and the replaced ids
//   stage                 03                       stage, the move that led there
//   move(operation)       04 + 32 bytes            who, when, name, payload, from, stands
//   decision(type)        05 + UTF-8               who, when, type, payload of the latest
//   held(operation)       06 + 32 bytes            verdict, reason: waiting or quarantined
//   opaque(operation)     07 + 32 bytes            hash: accepted, but unknown to this program

/// Names a cell within its entity.
public enum CellKey: Hashable, Sendable {
    case fact(OperationID)
    case field(String)
    case stage
    case move(OperationID)
    case decision(String)
    case held(OperationID)
    case opaque(OperationID)

    /// Reads the key's bytes; nil for bytes that no key has.
    public init?(bytes: [UInt8]) {
        let rest = bytes.dropFirst()
        let isNamed = bytes.first == 2 || bytes.first == 3 || bytes.first == 5
        let operation = isNamed ? nil : OperationID(bytes: rest)
        let name = isNamed ? String(validating: rest, as: UTF8.self) : nil
        switch (bytes.first, operation, name) {
        case (1, let id?, _): self = .fact(id)
        case (2, _, let name?): self = .field(name)
        case (3, _, ""?): self = .stage
        case (4, let id?, _): self = .move(id)
        case (5, _, let name?): self = .decision(name)
        case (6, let id?, _): self = .held(id)
        case (7, let id?, _): self = .opaque(id)
        default: return nil
        }
    }

    public var bytes: [UInt8] {
        switch self {
        case .fact(let id): [1] + id.bytes
        case .field(let name): [2] + Array(name.utf8)
        case .stage: [3]
        case .move(let id): [4] + id.bytes
        case .decision(let type): [5] + Array(type.utf8)
        case .held(let id): [6] + id.bytes
        case .opaque(let id): [7] + id.bytes
        }
    }
}

/// A place that holds cells: a store's transaction, or memory.
public protocol CellSpace: AnyObject {
    /// The cell's value; nil when there is none.
    func cell(_ key: CellKey, of entity: EntityKey) throws -> [UInt8]?
    /// Sets a cell's value, or removes the cell with nil, and keeps the scope's digest right.
    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) throws
}

/// The cells of one entity in memory: what a record is read from.
final class EntityCells: CellSpace {
    private(set) var cells: [CellKey: [UInt8]]

    init(_ cells: [CellKey: [UInt8]]) { self.cells = cells }

    func cell(_ key: CellKey, of entity: EntityKey) -> [UInt8]? { cells[key] }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) { cells[key] = value }
}

// MARK: - Values

extension CanonicalEncoder {
    mutating func write(_ evidence: Evidence) {
        write(evidence.operation)
        write(evidence.author)
        write(evidence.moment.milliseconds)
        write(evidence.timeUnsure)
        write(evidence.seen)
        write(evidence.position ?? 0)
    }

    mutating func write(_ recorded: Recorded) {
        write(recorded.evidence)
        write(recorded.type)
        write(recorded.payload)
    }
}

extension CanonicalDecoder {
    mutating func operationID() throws(CanonicalError) -> OperationID {
        let bytes = try byteString()
        guard let id = OperationID(bytes: bytes) else {
            throw .unknownCase(UInt64(bytes.count))
        }
        return id
    }

    mutating func evidence() throws(CanonicalError) -> Evidence {
        let operation = try operationID()
        let author = try text()
        let moment = Moment(milliseconds: try signed())
        let timeUnsure = try boolean()
        let seen = try integer()
        let position = try integer()
        return Evidence(
            operation: operation,
            author: author,
            moment: moment,
            timeUnsure: timeUnsure,
            seen: seen,
            position: position == 0 ? nil : position
        )
    }

    mutating func recorded() throws(CanonicalError) -> Recorded {
        let evidence = try evidence()
        let type = try text()
        return Recorded(evidence: evidence, type: type, payload: try byteString())
    }
}

extension Recorded {
    /// Reads a `fact` or `decision` cell.
    package init(cell: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(cell)
        self = try decoder.recorded()
        try decoder.finish()
    }

    var cell: [UInt8] {
        var encoder = CanonicalEncoder(capacity: 80 + payload.count)
        encoder.write(self)
        return encoder.bytes
    }
}

/// The value of a `stage` cell.
package struct StageCell: Equatable {
    package var stage: String
    package var by: OperationID

    init(stage: String, by: OperationID) {
        self.stage = stage
        self.by = by
    }

    /// Reads a `stage` cell.
    package init(cell: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(cell)
        stage = try decoder.text()
        by = try decoder.operationID()
        try decoder.finish()
    }

    var cell: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(stage)
        encoder.write(by)
        return encoder.bytes
    }
}

extension JudgedMove {
    /// Reads a `move` cell.
    package init(cell: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(cell)
        let recorded = try decoder.recorded()
        let from = try decoder.text()
        let stands = try decoder.boolean()
        try decoder.finish()
        self.init(recorded: recorded, from: from, stands: stands)
    }

    var cell: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(recorded)
        encoder.write(from)
        encoder.write(stands)
        return encoder.bytes
    }
}
