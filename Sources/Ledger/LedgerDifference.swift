import Sync
import Tally

/// The first thing that a check of a store found not to be as it was written.
public enum LedgerDifference: Refusal, Equatable {
    /// How a stored cell differs from the one that the log gives.
    public enum Cell: String, Sendable {
        /// The log gives a cell that is not stored.
        case missing
        /// A cell is stored that the log does not give.
        case extra
        /// Both are there with other values.
        case differs
    }

    /// SQLite's own check, or a reference between tables, fails.
    case structure(String)
    /// A row of the log is gone: ordinals have no gaps but for what was let go.
    case row(Int64)
    /// The bytes of a row of the log are no operation.
    case bytes(Int64, detail: String)
    /// A column says something else than the operation's bytes.
    case column(OperationID, String)
    /// Operations of an incarnation are missing before this one.
    case gap(OperationID)
    /// An operation does not link to the one before it.
    case link(OperationID)
    /// The operation that the replica made last is not in its log.
    case lastOperation(Identifier)
    /// The hub's order of a scope has nothing at this position, or goes on past its end.
    case position(Scope, UInt64)
    /// The judgement in the log is not the one that the hub's acceptance gave.
    case judgement(OperationID)
    case cell(EntityKey, CellKey, Cell)
    /// The snapshot that a scope was begun with is not whole.
    case snapshot(Scope)
    /// The sum of a leaf of the digest tree is not that over its cells, or the list of entities
    /// lacks one that has cells.
    case leaf(DigestLeaf)
    /// The digest is not the sum over the scope's cells.
    case digest(Scope, stored: ScopeDigest, replayed: ScopeDigest)

    public var code: ProblemCode {
        switch self {
        case .structure: "ledger.structure_damaged"
        case .row: "ledger.row_missing"
        case .bytes: "ledger.bytes_damaged"
        case .column: "ledger.column_differs"
        case .gap: "ledger.chain_gap"
        case .link: "ledger.chain_link"
        case .lastOperation: "ledger.last_operation_missing"
        case .position: "ledger.position_differs"
        case .judgement: "ledger.judgement_differs"
        case .cell(_, _, .missing): "ledger.cell_missing"
        case .cell(_, _, .extra): "ledger.cell_extra"
        case .cell(_, _, .differs): "ledger.cell_differs"
        case .snapshot: "ledger.snapshot_damaged"
        case .leaf: "ledger.leaf_differs"
        case .digest: "ledger.digest_differs"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .structure(let detail): ["detail": detail]
        case .row(let ordinal): ["row": String(ordinal)]
        case .bytes(let ordinal, let detail): ["row": String(ordinal), "detail": detail]
        case .column(let id, let column): ["operation": id.words, "column": column]
        case .gap(let id), .link(let id), .judgement(let id): ["operation": id.words]
        case .lastOperation(let hash): ["hash": hash.description]
        case .position(let scope, let position):
            ["scope": scope.description, "position": String(position)]
        case .cell(let entity, let key, _):
            [
                "kind": entity.kind, "entity": entity.id.description,
                "scope": entity.scope.description, "key": key.words,
            ]
        case .snapshot(let scope): ["scope": scope.description]
        case .leaf(let leaf):
            [
                "scope": leaf.scope.description, "kind": leaf.kind,
                "prefix": [UInt8(leaf.bucket >> 8), UInt8(leaf.bucket & 0xFF)].hexadecimal,
            ]
        case .digest(let scope, let stored, let replayed):
            [
                "scope": scope.description, "stored": stored.description,
                "replayed": replayed.description,
            ]
        }
    }
}

extension OperationID {
    /// The operation for people: its place, and whose.
    var words: String {
        "\(sequence) of \(replica), incarnation \(incarnation.bigEndianBytes.hexadecimal)"
    }
}

extension CellKey {
    /// The cell for people.
    var words: String {
        switch self {
        case .fact(let id): "fact \(id.words)"
        case .field(let name): "field \(name)"
        case .stage: "stage"
        case .move(let id): "move \(id.words)"
        case .decision(let type): "decision \(type)"
        case .held(let id): "held \(id.words)"
        case .opaque(let id): "opaque \(id.words)"
        }
    }
}
