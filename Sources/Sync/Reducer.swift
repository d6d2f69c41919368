import Tally

/// Folds operations into cells.
///
/// The same code runs in terminals, hub and simulator.
///
/// | kind | cells written | when two meet |
/// |---|---|---|
/// | fact | its own | both stand |
/// | edit | the field's | `Register`: E − B |
/// | transition | its own, and the stage | the verdict that the hub gave in its order |
/// | decision | its type's | the later place in the hub's order |
///
/// Facts and edits may come in any order and any number of times; transitions and decisions in the
/// hub's order, any number of times. That replicas which know the same show the same rests on this.
public struct Reducer: Sendable {
    /// Goes up when equal operations would give other cells.
    public static let version: UInt64 = 1

    public let vocabulary: Vocabulary
    /// Names what this reducer makes of operations: digests are compared only between equals.
    public let fingerprint: [UInt8]
    private let defects: Set<Defect>

    public init(_ vocabulary: Vocabulary, defects: Set<Defect> = []) {
        self.vocabulary = vocabulary
        self.defects = defects
        fingerprint = Self.fingerprint(of: vocabulary)
    }

    private static func fingerprint(of vocabulary: Vocabulary) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(version)
        for names in [vocabulary.facts, vocabulary.fields, vocabulary.decisions] {
            encoder.write(names.sorted()) { $0.write($1) }
        }
        for (kind, lifecycle) in vocabulary.lifecycles.sorted(by: { $0.key < $1.key }) {
            encoder.write(kind)
            encoder.write(lifecycle.initial)
            encoder.write(lifecycle.moves) { encoder, move in
                encoder.write(move.name)
                encoder.write(move.from.sorted()) { $0.write($1) }
                encoder.write(move.to)
                encoder.write(move.alwaysStands)
            }
        }
        return ContentHash.identifier(of: encoder.bytes).bytes
    }

    /// Whether this program knows what the operation means.
    public func knows(_ operation: Operation) -> Bool {
        guard let kind = operation.kind else { return false }
        return vocabulary.knows(kind, operation.type, of: operation.entity.kind)
    }

    /// The verdict on an operation that comes next in the hub's order, and why.
    public func verdict(
        on operation: Operation,
        in space: some CellSpace
    ) throws -> (Verdict, reason: String) {
        guard knows(operation), let kind = operation.kind else {
            return (.waiting, "sync.unknown_kind")
        }
        switch kind {
        case .fact, .decision:
            return (.accepted, "")
        case .edit:
            var register = try register(operation.type, of: operation.entity, in: space)
            register.apply(head(operation, nil), bases: operation.bases)
            if defects.contains(.unseenConflict) { return (.accepted, "") }
            return register.isConflict ? (.conflict, "sync.conflict") : (.accepted, "")
        case .transition:
            let stage = try stage(of: operation.entity, in: space)
            return stands(operation, from: stage)
                ? (.accepted, "") : (.rejected, "sync.move_not_possible")
        }
    }

    /// Applies an operation; a second time changes nothing.
    ///
    /// - Parameters:
    ///   - operation: what was recorded.
    ///   - judgement: the hub's word; nil for a terminal's own operation that waits for it, which
    ///     is then shown as a prediction.
    ///   - space: where the cells are.
    /// - Throws: ``CanonicalError`` when a cell that it builds on is damaged.
    public func apply(
        _ operation: Operation,
        _ judgement: Judgement?,
        to space: some CellSpace
    ) throws {
        if operation.isAcceptance, judgement?.verdict.inEffect ?? true { return }
        let id = operation.id
        if let judgement, judgement.verdict.isHeld {
            return try hold(operation, judgement, in: space)
        }
        if try space.cell(.held(id), of: operation.entity) != nil {
            try space.setCell(.held(id), of: operation.entity, to: nil)
        }
        guard knows(operation), let kind = operation.kind else {
            return try space.setCell(.opaque(id), of: operation.entity, to: operation.hash.bytes)
        }
        switch kind {
        case .fact:
            try applyFact(operation, judgement, to: space)
        case .edit:
            try applyEdit(operation, judgement, to: space)
        case .transition:
            try applyTransition(
                operation,
                judgement,
                stands: judgement?.verdict.inEffect,
                to: space
            )
        case .decision:
            try applyDecision(operation, judgement, to: space)
        }
    }

    /// Applies an operation of this terminal's own as far as can be said before the hub's word is
    /// in its order: what the hub has answered to the push already counts.
    func predict(_ logged: LoggedOperation, in space: some CellSpace) throws {
        switch logged.acknowledged {
        case .waiting, .quarantined: return
        case .rejected:
            try applyTransition(logged.operation, nil, stands: false, to: space)
        case .accepted, .conflict, nil:
            try apply(logged.operation, nil, to: space)
        }
    }

    private func hold(
        _ operation: Operation,
        _ judgement: Judgement,
        in space: some CellSpace
    ) throws {
        var encoder = CanonicalEncoder()
        encoder.write(UInt64(judgement.verdict.rawValue))
        encoder.write(judgement.reason)
        encoder.write(operation.hash)
        try space.setCell(.held(operation.id), of: operation.entity, to: encoder.bytes)
    }

    private func applyFact(
        _ operation: Operation,
        _ judgement: Judgement?,
        to space: some CellSpace
    ) throws {
        var key = CellKey.fact(operation.id)
        if defects.contains(.doubleApply), try space.cell(key, of: operation.entity) != nil {
            key = .fact(
                OperationID(
                    replica: operation.id.replica,
                    incarnation: operation.id.incarnation &+ 1,
                    sequence: operation.id.sequence
                )
            )
        }
        if defects.contains(.lastWriterWins) {
            let row = ContentHash.identifier(of: Array(operation.type.utf8))
            key = .fact(OperationID(replica: row, incarnation: 1, sequence: 1))
        }
        try space.setCell(key, of: operation.entity, to: recorded(operation, judgement).cell)
    }

    private func applyEdit(
        _ operation: Operation,
        _ judgement: Judgement?,
        to space: some CellSpace
    ) throws {
        var register = try register(operation.type, of: operation.entity, in: space)
        if defects.contains(.nonCommutativeReducer) { register = Register() }
        register.apply(
            head(operation, judgement),
            bases: operation.bases,
            remembers: !defects.contains(.resurrection)
        )
        try space.setCell(.field(operation.type), of: operation.entity, to: register.cell)
    }

    private func applyTransition(
        _ operation: Operation,
        _ judgement: Judgement?,
        stands verdict: Bool?,
        to space: some CellSpace
    ) throws {
        let entity = operation.entity
        guard try space.cell(.move(operation.id), of: entity) == nil else { return }
        let from = try stage(of: entity, in: space)
        let stands = defects.contains(.unjudgedMove) || verdict ?? stands(operation, from: from)
        let move = JudgedMove(
            recorded: recorded(operation, judgement),
            from: from,
            stands: stands
        )
        try space.setCell(.move(operation.id), of: entity, to: move.cell)
        guard stands, let rule = rule(for: operation) else { return }
        let stage = StageCell(stage: rule.to, by: operation.id)
        try space.setCell(.stage, of: entity, to: stage.cell)
    }

    private func applyDecision(
        _ operation: Operation,
        _ judgement: Judgement?,
        to space: some CellSpace
    ) throws {
        // One that a restored hub was given back, and that was decided anew meanwhile.
        if judgement?.verdict == .rejected { return }
        let key = CellKey.decision(operation.type)
        let latest = recorded(operation, judgement)
        if let cell = try space.cell(key, of: operation.entity) {
            let present = try Recorded(cell: cell)
            guard (present.evidence.position ?? .max) < (latest.evidence.position ?? .max) else {
                return
            }
        }
        try space.setCell(key, of: operation.entity, to: latest.cell)
    }

    // MARK: - Parts

    private func rule(for operation: Operation) -> Lifecycle.Move? {
        vocabulary.lifecycles[operation.entity.kind]?.move(named: operation.type)
    }

    private func stands(_ operation: Operation, from stage: String) -> Bool {
        guard let rule = rule(for: operation) else { return false }
        return rule.alwaysStands || rule.from.contains(stage)
    }

    private func stage(of entity: EntityKey, in space: some CellSpace) throws -> String {
        if let cell = try space.cell(.stage, of: entity) { return try StageCell(cell: cell).stage }
        return vocabulary.lifecycles[entity.kind]?.initial ?? ""
    }

    private func register(
        _ field: String,
        of entity: EntityKey,
        in space: some CellSpace
    ) throws -> Register {
        guard let cell = try space.cell(.field(field), of: entity) else { return Register() }
        return try Register(cell: cell)
    }

    private func head(_ operation: Operation, _ judgement: Judgement?) -> Register.Head {
        Register.Head(
            stamp: judgement?.effectiveStamp ?? operation.stamp,
            value: FieldValue(evidence: evidence(operation, judgement), value: operation.payload)
        )
    }

    private func recorded(_ operation: Operation, _ judgement: Judgement?) -> Recorded {
        Recorded(
            evidence: evidence(operation, judgement),
            type: operation.type,
            payload: operation.payload
        )
    }

    private func evidence(_ operation: Operation, _ judgement: Judgement?) -> Evidence {
        Evidence(
            operation: operation.id,
            author: operation.author,
            moment: judgement?.effective ?? operation.reading.wall,
            timeUnsure: judgement?.timeUnsure ?? TrueTime.isImpossible(operation.reading.wall),
            seen: judgement?.seen ?? operation.seen,
            position: judgement?.position
        )
    }
}
