import Tally

/// A replica's store in memory, with transactions that can be undone: for simulations, tests, and
/// for replaying a log beside the state that is on disk.
///
/// A transaction is undone from a journal of what it changed, so that a simulated crash at any
/// write costs only what was written.
public final class MemoryStore: ReplicaStore {
    /// Called before every change of a transaction with its number in this transaction; throws to
    /// crash the replica there.
    public var beforeWrite: ((Int) throws -> Void)?

    private(set) var tables = Tables()

    public init() {}

    /// All that the store holds: what a backup, or a copied disk, is made from.
    ///
    /// It costs nothing until something changes.
    public var image: StoreImage { StoreImage(tables: tables.copy()) }

    /// Puts back what an image holds; everything since is gone.
    public func restore(_ image: StoreImage) { tables = image.tables.copy() }

    /// The same rows in another store: a copied disk, a backup.
    public func copied() -> MemoryStore {
        let copy = MemoryStore()
        copy.restore(image)
        return copy
    }

    /// How many operations are in the log.
    public var operationCount: Int { tables.operationCount }

    /// All cells of a scope, by entity: for comparing whole states, not only their digests.
    public func cells(in scope: Scope) -> [EntityKey: [CellKey: [UInt8]]] {
        tables.cells(in: scope)
    }

    public func read<Result>(_ body: (any ReplicaReading) throws -> Result) throws -> Result {
        try body(tables)
    }

    public func write<Result>(
        _ body: (any ReplicaTransaction) throws -> Result
    ) throws -> Result {
        tables.begin(beforeWrite)
        do {
            let result = try body(tables)
            // The commit is a write too: a crash here loses the whole transaction.
            try tables.willChange()
            tables.commit()
            return result
        } catch {
            tables.rollBack()
            throw error
        }
    }
}

/// The tables behind ``MemoryStore``.
final class Tables: ReplicaTransaction {
    private struct Place: Hashable {
        let scope: Scope
        let position: UInt64

        /// There are few scopes.
        func hash(into hasher: inout Hasher) { hasher.combine(position) }
    }

    var settings = MemoryTable<SettingKey, [UInt8]>()
    var operations = MemoryTable<OperationID, LoggedOperation>()
    var order: [OperationID] = []
    private var places = MemoryTable<Place, OperationID>()
    var heads = MemoryTable<Scope, UInt64>()
    private var chains = MemoryTable<OperationID, ChainHead>()
    /// Places in `order` of what the hub has not acknowledged, sorted.
    private var unsentPlaces: [Int] = []
    private var unjudgedOrder = MemoryTable<EntityKey, [OperationID]>()
    private var ordinals = MemoryTable<OperationID, Int>()
    private(set) var cells: [EntityKey: [CellKey: [UInt8]]] = [:]
    private var known: [String: Set<EntityKey>] = [:]
    var digests = MemoryTable<Scope, ScopeDigest>()
    var leaves = MemoryTable<DigestLeaf, ScopeDigest>()
    var pieces = MemoryTable<Scope, [[UInt8]: [UInt8]]>()
    /// The entities that may have cells in a leaf.
    private(set) var members: [DigestLeaf: Set<EntityKey>] = [:]
    var records: [QuarantinedRecord] = []
    var intake = MemoryTable<OperationID, ChainState>()
    var messages: [OutboxMessage] = []
    var messageKeys: Set<Identifier> = []

    /// How what a transaction changed outside of `MemoryTable`s is put back.
    enum Undo {
        case cell(CellKey, EntityKey, [UInt8]?)
        case cells(EntityKey, [CellKey: [UInt8]]?)
        case member(EntityKey, DigestLeaf)
        case members(DigestLeaf, Set<EntityKey>?)
        case known(EntityKey)
        case appended
        case unsent(Int, Bool)
        case step(() -> Void)
    }

    var undo: [Undo] = []
    private var beforeWrite: ((Int) throws -> Void)?
    private var writes = 0

    /// Tables that hold the same and go their own way.
    func copy() -> Tables {
        let copy = Tables()
        copy.settings = settings
        copy.operations = operations
        copy.order = order
        copy.places = places
        copy.heads = heads
        copy.chains = chains
        copy.unsentPlaces = unsentPlaces
        copy.unjudgedOrder = unjudgedOrder
        copy.ordinals = ordinals
        copy.cells = cells
        copy.known = known
        copy.digests = digests
        copy.leaves = leaves
        copy.pieces = pieces
        copy.members = members
        copy.messages = messages
        copy.messageKeys = messageKeys
        copy.records = records
        copy.intake = intake
        return copy
    }

    // MARK: - Transactions

    func begin(_ beforeWrite: ((Int) throws -> Void)?) {
        self.beforeWrite = beforeWrite
        writes = 0
    }

    func commit() {
        undo.removeAll(keepingCapacity: true)
        settings.commit()
        operations.commit()
        places.commit()
        heads.commit()
        chains.commit()
        unjudgedOrder.commit()
        ordinals.commit()
        digests.commit()
        leaves.commit()
        pieces.commit()
        intake.commit()
    }

    func rollBack() {
        while let step = undo.popLast() { putBack(step) }
        settings.rollBack()
        operations.rollBack()
        places.rollBack()
        heads.rollBack()
        chains.rollBack()
        unjudgedOrder.rollBack()
        ordinals.rollBack()
        digests.rollBack()
        leaves.rollBack()
        pieces.rollBack()
        intake.rollBack()
    }

    private func putBack(_ step: Undo) {
        switch step {
        case .cell(let key, let entity, let old): cells[entity, default: [:]][key] = old
        case .cells(let entity, let old): cells[entity] = old
        case .member(let entity, let leaf): members[leaf]?.remove(entity)
        case .members(let leaf, let old): members[leaf] = old
        case .known(let entity): known[entity.kind]?.remove(entity)
        case .appended: order.removeLast()
        case .unsent(let ordinal, let isUnsent): setUnsent(ordinal, isUnsent)
        case .step(let body): body()
        }
    }

    func willChange() throws {
        writes += 1
        try beforeWrite?(writes)
    }

    // MARK: - Settings

    func setting(_ key: SettingKey) -> [UInt8]? { settings[key] }

    func set(_ key: SettingKey, to value: [UInt8]?) throws {
        try willChange()
        settings.set(key, to: value)
    }

    // MARK: - Log

    func operation(_ id: OperationID) -> LoggedOperation? { operations[id] }

    func chainHead(_ replica: Identifier, _ incarnation: UInt64) -> ChainHead? {
        chains[OperationID(replica: replica, incarnation: incarnation, sequence: 0)]
    }

    func append(_ logged: LoggedOperation) throws {
        try willChange()
        let operation = logged.operation
        precondition(operations[operation.id] == nil, "operation \(operation.id) is in the log")
        operations.set(operation.id, to: logged)
        ordinals.set(operation.id, to: order.count)
        order.append(operation.id)
        undo.append(.appended)
        let chain = OperationID(
            replica: operation.id.replica,
            incarnation: operation.id.incarnation,
            sequence: 0
        )
        if (chains[chain]?.id.sequence ?? 0) < operation.id.sequence {
            chains.set(chain, to: ChainHead(id: operation.id, hash: operation.hash))
        }
        know(operation.entity)
        index(logged, from: nil)
    }

    func replace(_ logged: LoggedOperation) throws {
        try willChange()
        let id = logged.operation.id
        guard let old = operations[id] else { preconditionFailure("no operation \(id)") }
        operations.set(id, to: logged)
        let entity = old.operation.entity
        unjudgedOrder.set(entity, to: unjudgedOrder[entity]?.filter { $0 != id })
        know(logged.operation.entity)
        index(logged, from: old)
        if logged.judgement == nil, old.judgement == nil { setWaiting(logged, true) }
    }

    func judge(_ id: OperationID, _ judgement: Judgement?) throws {
        try willChange()
        guard let old = operations[id] else { preconditionFailure("no operation \(id)") }
        var new = old
        new.judgement = judgement
        operations.set(id, to: new)
        index(new, from: old)
    }

    func acknowledge(_ id: OperationID, _ verdict: Verdict?, _ reason: String) throws {
        try willChange()
        guard let old = operations[id] else { return }
        var new = old
        new.acknowledged = verdict
        new.answer = verdict == nil ? "" : reason
        operations.set(id, to: new)
        index(new, from: old)
    }

    func forgetJudgements(of scope: Scope, acknowledgements: Bool) throws {
        for id in order {
            guard let logged = operations[id], logged.operation.scope == scope else { continue }
            if logged.judgement != nil { try judge(id, nil) }
            if acknowledgements { try acknowledge(id, nil) }
        }
        heads.set(scope, to: nil)
    }

    private func index(_ new: LoggedOperation, from old: LoggedOperation?) {
        let id = new.operation.id
        let scope = new.operation.scope
        if let place = old?.judgement?.position, place != new.judgement?.position {
            places.set(Place(scope: scope, position: place), to: nil)
        }
        if let place = new.judgement?.position, place != old?.judgement?.position {
            places.set(Place(scope: scope, position: place), to: id)
            if place > heads[scope] ?? 0 { heads.set(scope, to: place) }
        }
        let isUnsent = new.judgement == nil && new.acknowledged == nil
        if let ordinal = ordinals[id], setUnsent(ordinal, isUnsent) {
            undo.append(.unsent(ordinal, !isUnsent))
        }
        let isWaiting = new.judgement == nil
        if isWaiting != (old.map { $0.judgement == nil } ?? false) { setWaiting(new, isWaiting) }
    }

    private func setWaiting(_ logged: LoggedOperation, _ isWaiting: Bool) {
        let entity = logged.operation.entity
        let id = logged.operation.id
        var waiting = unjudgedOrder[entity] ?? []
        if isWaiting {
            let ordinal = ordinals[id] ?? 0
            let place = waiting.lastIndex { (ordinals[$0] ?? 0) < ordinal }.map { $0 + 1 } ?? 0
            waiting.insert(id, at: place)
        } else {
            waiting.removeAll { $0 == id }
        }
        unjudgedOrder.set(entity, to: waiting.isEmpty ? nil : waiting)
    }

    /// - Returns: whether that was something new.
    @discardableResult
    private func setUnsent(_ ordinal: Int, _ isUnsent: Bool) -> Bool {
        var (place, end) = (unsentPlaces.startIndex, unsentPlaces.endIndex)
        while place < end {
            let middle = (place + end) / 2
            if unsentPlaces[middle] < ordinal { place = middle + 1 } else { end = middle }
        }
        let isThere = place < unsentPlaces.endIndex && unsentPlaces[place] == ordinal
        guard isThere != isUnsent else { return false }
        if isUnsent {
            unsentPlaces.insert(ordinal, at: place)
        } else {
            unsentPlaces.remove(at: place)
        }
        return true
    }

    func unsent(of replica: Identifier, limit: Int) -> [LoggedOperation] {
        let unsent = unsentPlaces.compactMap { place in
            order[place].replica == replica ? operations[order[place]] : nil
        }
        let lanes = Dictionary(grouping: unsent, by: \.lane)
        return Array(lanes.sorted { $0.key < $1.key }.flatMap(\.value).prefix(limit))
    }

    func troubled(of replica: Identifier, limit: Int) -> [LoggedOperation] {
        Array(
            order.reversed().lazy.filter { $0.replica == replica }
                .compactMap { self.operations[$0] }
                .filter { $0.word.map { $0.verdict != .accepted } ?? false }
                .prefix(limit)
        )
    }

    func unjudged(about entity: EntityKey) -> [LoggedOperation] {
        (unjudgedOrder[entity] ?? []).compactMap { operations[$0] }
    }

    func backlog(of replica: Identifier) -> (count: Int, since: Moment?) {
        let unsent = unsentPlaces.filter { order[$0].replica == replica }
        return (
            unsent.count, unsent.first.flatMap { operations[order[$0]]?.operation.reading.wall }
        )
    }

    func stream(_ scope: Scope, after position: UInt64, limit: Int) -> [LoggedOperation] {
        var page: [LoggedOperation] = []
        var next = position + 1
        let head = heads[scope] ?? 0
        while page.count < limit, next <= head {
            if let id = places[Place(scope: scope, position: next)], let logged = operations[id] {
                page.append(logged)
            }
            next += 1
        }
        return page
    }

    func head(of scope: Scope) -> UInt64 { heads[scope] ?? 0 }

    func operations(in leaf: DigestLeaf) -> [OperationID] {
        order.filter { operations[$0].map { DigestLeaf(of: $0.operation.entity) } == leaf }
    }

    func groupEnds(of scope: Scope, after position: UInt64, limit: Int) -> [LoggedOperation] {
        stream(scope, after: position, limit: .max).filter(\.operation.isAcceptance).prefix(limit)
            .map { $0 }
    }

    func waiting(limit: Int) -> [LoggedOperation] {
        order.compactMap { operations[$0] }
            .filter { $0.judgement?.verdict == .waiting }
            .sorted { ($0.judgement?.position ?? 0) < ($1.judgement?.position ?? 0) }
            .prefix(limit).map { $0 }
    }

    func log(offset: Int, limit: Int) -> [LoggedOperation] {
        order.dropFirst(offset).prefix(limit).compactMap { operations[$0] }
    }

    // MARK: - Cells

    func cell(_ key: CellKey, of entity: EntityKey) -> [UInt8]? { cells[entity]?[key] }

    func cells(of entity: EntityKey) -> [CellKey: [UInt8]] { cells[entity] ?? [:] }

    func setCell(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) throws {
        try willChange()
        let old = cells[entity]?[key]
        takeIntoDigest(key, of: entity, from: old, to: value)
        undo.append(.cell(key, entity, old))
        cells[entity, default: [:]][key] = value
        know(entity)
    }

    func clearCells(of scope: Scope) throws {
        try willChange()
        for entity in cells.keys where entity.scope == scope { dropCells(of: entity) }
        forgetLeaves(of: scope)
        digests.set(scope, to: nil)
    }

    /// Forgets the cells of an entity, and leaves the sums as they are.
    func dropCells(of entity: EntityKey) {
        undo.append(.cells(entity, cells.removeValue(forKey: entity)))
    }

    /// Notes that an entity may have cells in a leaf.
    func note(_ entity: EntityKey, in leaf: DigestLeaf) {
        guard members[leaf, default: []].insert(entity).inserted else { return }
        undo.append(.member(entity, leaf))
    }

    func dropMembers(of leaf: DigestLeaf) {
        undo.append(.members(leaf, members.removeValue(forKey: leaf)))
    }

    private func know(_ entity: EntityKey) {
        guard known[entity.kind, default: []].insert(entity).inserted else { return }
        undo.append(.known(entity))
    }

    /// Changes a cell as a failing disk does: no sum notices, and no transaction undoes it.
    func damage(_ key: CellKey, of entity: EntityKey, to value: [UInt8]?) {
        cells[entity, default: [:]][key] = value
        members[DigestLeaf(of: entity), default: []].insert(entity)
    }

    func entities(kind: String, in scope: Scope?) -> [EntityKey] {
        (known[kind] ?? []).filter { scope == nil || $0.scope == scope }.sorted()
    }

    func scopes() -> [Scope] {
        Set(known.values.joined().map(\.scope)).union(heads.rows.keys).sorted()
    }

    func digest(of scope: Scope) -> ScopeDigest { digests[scope] ?? ScopeDigest() }

    var operationCount: Int { order.count }

    func cells(in scope: Scope) -> [EntityKey: [CellKey: [UInt8]]] {
        cells.filter { $0.key.scope == scope && !$0.value.isEmpty }
    }
}

/// Everything that a ``MemoryStore`` held at one moment.
public struct StoreImage {
    fileprivate let tables: Tables
}
