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
    struct Place: Hashable {
        let scope: Scope
        let position: UInt64

        /// There are few scopes.
        func hash(into hasher: inout Hasher) { hasher.combine(position) }
    }

    var settings = MemoryTable<SettingKey, [UInt8]>()
    var operations = MemoryTable<OperationID, LoggedOperation>()
    /// In the order stored; nil where one was let go.
    var order: [OperationID?] = []
    var places = MemoryTable<Place, OperationID>()
    var heads = MemoryTable<Scope, UInt64>()
    var chains = MemoryTable<OperationID, ChainHead>()
    var unsentPlaces = UnsentPlaces()
    /// What the hub holds as waiting.
    var waitingIDs: Set<OperationID> = []
    var unjudgedOrder = MemoryTable<EntityKey, [OperationID]>()
    var ordinals = MemoryTable<OperationID, Int>()
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
        case unsent(UnsentPlaces.Entry, Bool)
        case waiting(OperationID, Bool)
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
        copy.waitingIDs = waitingIDs
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
        case .unsent(let entry, let isUnsent): _ = unsentPlaces.set(entry, isUnsent)
        case .waiting(let id, true): waitingIDs.insert(id)
        case .waiting(let id, false): waitingIDs.remove(id)
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

    func know(_ entity: EntityKey) {
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

    func cells(in scope: Scope) -> [EntityKey: [CellKey: [UInt8]]] {
        cells.filter { $0.key.scope == scope && !$0.value.isEmpty }
    }
}

/// Everything that a ``MemoryStore`` held at one moment.
public struct StoreImage {
    fileprivate let tables: Tables
}
