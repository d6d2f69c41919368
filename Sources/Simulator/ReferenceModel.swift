import Receiving
import Sync
import Tally

/// The state that the hub should have, from its log alone: plain, sequential, and written apart
/// from the reducer and the rooms, so that a fault in those shows as a difference.
struct ReferenceModel {
    /// What is known of an entity.
    struct Entity {
        var facts: [LoggedOperation] = []
        /// By field, all edits in effect.
        var edits: [String: [LoggedOperation]] = [:]
        /// By move: the stage before, and whether it stands.
        var moves: [OperationID: (from: String, stands: Bool)] = [:]
        var stage: (name: String, by: OperationID)?
        var decisions: [String: LoggedOperation] = [:]
        var held: [OperationID: LoggedOperation] = [:]
        /// For a receipt: its facts, read.
        var receiptFacts: [(operation: Operation, judgement: Judgement, fact: ReceiptFact)] = []
    }

    /// Whether the hub was restored: what it gave out before comes back beside what is new.
    var isRestored = false
    /// Identities that two machines have had.
    var copied: Set<Identifier> = []
    private let vocabulary: Vocabulary
    private(set) var entities: [EntityKey: Entity] = [:]
    /// Where each operation is.
    private var positions: [OperationID: UInt64] = [:]
    private var heads: [Scope: UInt64] = [:]
    /// By chain, the hash of its last operation.
    private var lastHashes: [OperationID: Identifier] = [:]
    /// What chains begin from.
    private var begun: Set<Identifier?> = []
    private var sequences: [OperationID: UInt64] = [:]
    /// What was taken in a scope since the last end of a group.
    private var groups: [Scope: [LoggedOperation]] = [:]

    init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// Takes the next operation of the hub's log.
    ///
    /// - Parameters:
    ///   - logged: the operation, with the hub's word.
    ///   - isPoison: whether the simulator made it to be refused.
    /// - Throws: ``Broken`` when it has no place there or the wrong verdict.
    mutating func take(_ logged: LoggedOperation, isPoison: Bool) throws {
        let operation = logged.operation
        guard let judgement = logged.judgement else {
            throw Broken(.exactlyOnce, "the hub has no word on \(operation.id)")
        }
        try require(
            positions.updateValue(judgement.position, forKey: operation.id) == nil,
            .exactlyOnce
        ) { "operation \(operation.id) came twice" }
        let head = heads[operation.scope] ?? 0
        try require(judgement.position == head + 1, .exactlyOnce) {
            "\(operation.scope) goes from \(head) to \(judgement.position)"
        }
        heads[operation.scope] = judgement.position
        try checkChain(operation)
        if logged.endsGroup { return try endGroup(logged) }
        groups[operation.scope, default: []].append(logged)
        if judgement.verdict.isHeld {
            try require(isPoison && !judgement.reason.isEmpty, .quarantine) {
                "\(operation.type) was held: \(judgement.reason)"
            }
            entities[operation.entity, default: Entity()].held[operation.id] = logged
            return
        }
        try apply(logged, judgement)
    }

    /// Each chain is one without gap or fork; what cannot be placed may lie between.
    private mutating func checkChain(_ operation: Operation) throws {
        let id = operation.id
        let chain = OperationID(replica: id.replica, incarnation: id.incarnation, sequence: 0)
        let sequence = sequences[chain] ?? 0
        let follows =
            id.sequence == 1
            ? begun.insert(operation.previous).inserted
            : id.sequence > sequence + 1 || operation.previous == lastHashes[chain]
        // What comes back comes scope by scope, and a chain runs through all of them.
        let holds = id.sequence > sequence && (follows || copied.contains(id.replica))
        try require(isRestored || holds, .chain) {
            "operation \(id) does not follow what came before"
        }
        guard id.sequence > sequence else { return }
        sequences[chain] = id.sequence
        lastHashes[chain] = operation.hash
    }

    private mutating func endGroup(_ logged: LoggedOperation) throws {
        let group = groups.removeValue(forKey: logged.operation.scope) ?? []
        let items = try Acceptance(payload: logged.operation.payload).items
        let isWhole = items.elementsEqual(group) { item, member in
            item.operation == member.operation.id && item.hash == member.operation.hash
                && item.judgement == member.judgement
        }
        try require(isWhole, .wholeGroups) {
            "a group of \(logged.operation.scope) that ends at "
                + "\(logged.judgement?.position ?? 0) is not what its end says"
        }
    }

    private mutating func apply(_ logged: LoggedOperation, _ judgement: Judgement) throws {
        let operation = logged.operation
        var entity = entities.removeValue(forKey: operation.entity) ?? Entity()
        defer { entities[operation.entity] = entity }
        let expected: Verdict
        switch operation.kind {
        case .fact:
            entity.facts.append(logged)
            if operation.entity.kind == ReceivingRoom.EntityKind.receipt {
                let fact = try ReceiptFact(type: operation.type, payload: operation.payload)
                entity.receiptFacts.append((operation, judgement, fact))
            }
            expected = .accepted
        case .edit:
            entity.edits[operation.type, default: []].append(logged)
            let values = Set(entity.heads(of: operation.type).map(\.operation.payload))
            expected = values.count > 1 ? .conflict : .accepted
        case .transition:
            let stands = move(&entity, operation)
            expected = stands ? .accepted : .rejected
        case .decision:
            expected =
                isRestored && judgement.reason == "sync.decision_overtaken" ? .rejected : .accepted
            if expected == .accepted { entity.decisions[operation.type] = logged }
        case nil:
            expected = .waiting
        }
        let invariant: Invariant =
            operation.kind == .transition ? .lifecycle : .referenceModel
        try require(judgement.verdict == expected, invariant) {
            "\(operation.type) was \(judgement.verdict), and should be \(expected)"
        }
    }

    /// - Returns: whether the move stands.
    private func move(_ entity: inout Entity, _ operation: Operation) -> Bool {
        let lifecycle = vocabulary.lifecycles[operation.entity.kind]
        let from = entity.stage?.name ?? lifecycle?.initial ?? ""
        let rule = lifecycle?.moves.first { $0.name == operation.type }
        let stands = rule.map { $0.alwaysStands || $0.from.contains(from) } ?? false
        entity.moves[operation.id] = (from, stands)
        if stands, let rule { entity.stage = (rule.to, operation.id) }
        return stands
    }
}

extension ReferenceModel.Entity {
    /// The edits of a field that no other names as its base: the one shown first.
    func heads(of field: String) -> [LoggedOperation] {
        let edits = edits[field] ?? []
        let replaced = replaced(of: field)
        return edits.filter { !replaced.contains($0.operation.id) }.sorted { $0.rank > $1.rank }
    }

    func replaced(of field: String) -> Set<OperationID> {
        Set((edits[field] ?? []).flatMap(\.operation.bases))
    }

    /// How many cells there should be.
    var cellCount: Int {
        facts.count + edits.count + moves.count + (stage == nil ? 0 : 1) + decisions.count
            + held.count
    }
}

extension LoggedOperation {
    /// By this the value of a field is chosen.
    fileprivate var rank: (HybridStamp, OperationID) {
        (judgement?.effectiveStamp ?? HybridStamp(bits: 0), operation.id)
    }
}
