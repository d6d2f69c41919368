import Sync
import Tally

/// Holds cells against the model.
extension ReferenceModel {
    /// Whether an operation's cell says what the operation said.
    ///
    /// - Parameters:
    ///   - logged: the operation, with the hub's word.
    ///   - cells: those of its entity.
    /// - Throws: ``Broken`` when it does not.
    func check(_ logged: LoggedOperation, against cells: [CellKey: [UInt8]]) throws {
        let operation = logged.operation
        guard let entity = entities[operation.entity] else { return }
        func fault(_ what: String) -> Broken {
            Broken(.referenceModel, "\(what) of \(operation.type) \(operation.id)")
        }
        if logged.judgement?.verdict.isHeld == true {
            guard cells[.held(operation.id)] != nil else { throw fault("held cell") }
            return
        }
        switch operation.kind {
        case .fact:
            guard let cell = cells[.fact(operation.id)],
                Self.says(try Recorded(cell: cell), logged)
            else { throw fault("fact cell") }
        case .decision:
            guard let cell = cells[.decision(operation.type)],
                let latest = entity.decisions[operation.type],
                Self.says(try Recorded(cell: cell), latest)
            else { throw fault("decision cell") }
        case .edit:
            guard let cell = cells[.field(operation.type)] else { throw fault("field cell") }
            let register = try Register(cell: cell)
            let heads = entity.heads(of: operation.type)
            guard register.values.map(\.evidence.operation) == heads.map(\.operation.id),
                register.values.map(\.value) == heads.map(\.operation.payload),
                register.replaced == entity.replaced(of: operation.type).sorted()
            else { throw fault("field cell") }
        case .transition:
            guard let cell = cells[.move(operation.id)] else { throw fault("move cell") }
            let move = try JudgedMove(cell: cell)
            guard let expected = entity.moves[operation.id], expected.from == move.from,
                expected.stands == move.stands, Self.says(move.recorded, logged)
            else { throw Broken(.lifecycle, "move cell of \(operation.type) \(operation.id)") }
            let stage = try cells[.stage].map { try StageCell(cell: $0) }
            guard stage?.stage == entity.stage?.name, stage?.by == entity.stage?.by else {
                throw Broken(.lifecycle, "stage of \(operation.entity)")
            }
        case nil:
            throw fault("kind")
        }
    }

    /// Whether there are just as many cells as there should be.
    func checkCount(_ key: EntityKey, of cells: [CellKey: [UInt8]]) throws {
        let expected = entities[key]?.cellCount ?? 0
        try require(cells.count == expected, .referenceModel) {
            "\(key.kind) \(key.id) has \(cells.count) cells, and should have \(expected)"
        }
    }

    private static func says(_ recorded: Recorded, _ logged: LoggedOperation) -> Bool {
        let operation = logged.operation
        let evidence = recorded.evidence
        return recorded.type == operation.type && recorded.payload == operation.payload
            && evidence.operation == operation.id && evidence.author == operation.author
            && evidence.seen == logged.judgement?.seen(by: operation)
            && evidence.position == logged.judgement?.position
            && evidence.moment == logged.judgement?.effective
    }
}

extension Judgement {
    /// How much of the present order an author had seen: what was seen in the order of an epoch
    /// before a restore counts up to where both orders are the same.
    func seen(by operation: Operation) -> UInt64 { min(seen ?? operation.seen, operation.seen) }
}
