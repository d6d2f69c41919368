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
    }

    private var settings: [SettingKey: [UInt8]] = [:]
    private var operations: [OperationID: LoggedOperation] = [:]
    private var order: [OperationID] = []
    private var places: [Place: OperationID] = [:]
    var heads: [Scope: UInt64] = [:]
    private var chains: [OperationID: ChainHead] = [:]
    /// Places in `order` of what the hub has not acknowledged, sorted.
    private var unsentPlaces: [Int] = []
    private var unjudgedOrder: [EntityKey: [OperationID]] = [:]
    private var ordinals: [OperationID: Int] = [:]
    var cells: [EntityKey: [CellKey: [UInt8]]] = [:]
    private var known: [String: Set<EntityKey>] = [:]
    var digests: [Scope: ScopeDigest] = [:]
    var leaves: [DigestLeaf: ScopeDigest] = [:]
    var pieces: [Scope: [[UInt8]: [UInt8]]] = [:]
    /// The entities that may have cells in a leaf.
    var members: [DigestLeaf: Set<EntityKey>] = [:]
    private var records: [QuarantinedRecord] = []
    private var intake: [OperationID: ChainState] = [:]
    private var messages: [OutboxMessage] = []
    private var messageKeys: Set<Identifier> = []

    private var undo: [() -> Void] = []
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

    func commit() { undo.removeAll(keepingCapacity: true) }

    func rollBack() {
        for step in undo.reversed() { step() }
        undo.removeAll(keepingCapacity: true)
    }

    func willChange() throws {
        writes += 1
        try beforeWrite?(writes)
    }

    /// Changes a row of a table and remembers what it was.
    func change<Key, Value>(
        _ table: ReferenceWritableKeyPath<Tables, [Key: Value]>,
        _ key: Key,
        to value: Value?
    ) {
        let old = self[keyPath: table][key]
        undo.append { [unowned self] in self[keyPath: table][key] = old }
        self[keyPath: table][key] = value
    }

    // MARK: - Settings

    func setting(_ key: SettingKey) -> [UInt8]? { settings[key] }

    func set(_ key: SettingKey, to value: [UInt8]?) throws {
        try willChange()
        change(\.settings, key, to: value)
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
        change(\.operations, operation.id, to: logged)
        change(\.ordinals, operation.id, to: order.count)
        order.append(operation.id)
        undo.append { [unowned self] in order.removeLast() }
        let chain = OperationID(
            replica: operation.id.replica,
            incarnation: operation.id.incarnation,
            sequence: 0
        )
        if (chains[chain]?.id.sequence ?? 0) < operation.id.sequence {
            change(\.chains, chain, to: ChainHead(id: operation.id, hash: operation.hash))
        }
        know(operation.entity)
        index(logged, from: nil)
    }

    func replace(_ logged: LoggedOperation) throws {
        try willChange()
        let id = logged.operation.id
        guard let old = operations[id] else { preconditionFailure("no operation \(id)") }
        change(\.operations, id, to: logged)
        let entity = old.operation.entity
        change(\.unjudgedOrder, entity, to: unjudgedOrder[entity]?.filter { $0 != id })
        know(logged.operation.entity)
        index(logged, from: old)
    }

    func judge(_ id: OperationID, _ judgement: Judgement?) throws {
        try willChange()
        guard let old = operations[id] else { preconditionFailure("no operation \(id)") }
        var new = old
        new.judgement = judgement
        change(\.operations, id, to: new)
        index(new, from: old)
    }

    func acknowledge(_ id: OperationID, _ verdict: Verdict?, _ reason: String) throws {
        try willChange()
        guard let old = operations[id] else { return }
        var new = old
        new.acknowledged = verdict
        new.answer = verdict == nil ? "" : reason
        change(\.operations, id, to: new)
        index(new, from: old)
    }

    func forgetJudgements(of scope: Scope, acknowledgements: Bool) throws {
        for id in order {
            guard let logged = operations[id], logged.operation.scope == scope else { continue }
            if logged.judgement != nil { try judge(id, nil) }
            if acknowledgements { try acknowledge(id, nil) }
        }
        change(\.heads, scope, to: nil)
    }

    private func index(_ new: LoggedOperation, from old: LoggedOperation?) {
        let id = new.operation.id
        let scope = new.operation.scope
        if let place = old?.judgement?.position, place != new.judgement?.position {
            change(\.places, Place(scope: scope, position: place), to: nil)
        }
        if let place = new.judgement?.position, place != old?.judgement?.position {
            change(\.places, Place(scope: scope, position: place), to: id)
            if place > heads[scope] ?? 0 { change(\.heads, scope, to: place) }
        }
        setUnsent(id, new.judgement == nil && new.acknowledged == nil)
        if new.judgement != nil, unjudgedOrder[new.operation.entity] == nil { return }
        var waiting = unjudgedOrder[new.operation.entity] ?? []
        waiting.removeAll { $0 == id }
        if new.judgement == nil {
            waiting.append(id)
            waiting.sort { (ordinals[$0] ?? 0) < (ordinals[$1] ?? 0) }
        }
        change(\.unjudgedOrder, new.operation.entity, to: waiting.isEmpty ? nil : waiting)
    }

    private func setUnsent(_ id: OperationID, _ isUnsent: Bool) {
        guard let ordinal = ordinals[id] else { return }
        var place = unsentPlaces.endIndex
        while place > 0, unsentPlaces[place - 1] >= ordinal { place -= 1 }
        let isThere = place < unsentPlaces.endIndex && unsentPlaces[place] == ordinal
        guard isThere != isUnsent else { return }
        undo.append { [unowned self] in setUnsent(id, isThere) }
        if isUnsent {
            unsentPlaces.insert(ordinal, at: place)
        } else {
            unsentPlaces.remove(at: place)
        }
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
        cells[entity, default: [:]][key] = value
        undo.append { [unowned self] in cells[entity, default: [:]][key] = old }
        know(entity)
    }

    func clearCells(of scope: Scope) throws {
        try willChange()
        for entity in cells.keys where entity.scope == scope { change(\.cells, entity, to: nil) }
        forgetLeaves(of: scope)
        change(\.digests, scope, to: nil)
    }

    private func know(_ entity: EntityKey) {
        guard known[entity.kind]?.contains(entity) != true else { return }
        known[entity.kind, default: []].insert(entity)
        undo.append { [unowned self] in known[entity.kind]?.remove(entity) }
    }

    func entities(kind: String, in scope: Scope?) -> [EntityKey] {
        (known[kind] ?? []).filter { scope == nil || $0.scope == scope }.sorted()
    }

    func scopes() -> [Scope] {
        Set(known.values.joined().map(\.scope)).union(heads.keys).sorted()
    }

    func digest(of scope: Scope) -> ScopeDigest { digests[scope] ?? ScopeDigest() }

    var operationCount: Int { order.count }

    func cells(in scope: Scope) -> [EntityKey: [CellKey: [UInt8]]] {
        cells.filter { $0.key.scope == scope && !$0.value.isEmpty }
    }

    // MARK: - Intake

    func quarantined(_ ticket: UInt64) -> QuarantinedRecord? {
        ticket > 0 && ticket <= UInt64(records.count) ? records[Int(ticket) - 1] : nil
    }

    func quarantined(_ hash: Identifier, from sender: Identifier) -> QuarantinedRecord? {
        records.first { $0.hash == hash && $0.sender == sender }
    }

    func quarantine(after ticket: UInt64, held: Bool, limit: Int) -> [QuarantinedRecord] {
        let rest = records.dropFirst(Int(clamping: ticket))
        return Array(rest.filter { !held || $0.state == .held }.prefix(limit))
    }

    func heldRecords(from sender: Identifier) -> [QuarantinedRecord] {
        records.filter { $0.sender == sender && $0.state == .held }
    }

    func nextTicket() -> UInt64 { UInt64(records.count) + 1 }

    func keep(_ record: QuarantinedRecord) throws {
        try willChange()
        let place = Int(record.ticket) - 1
        if place < records.count {
            let old = records[place]
            records[place] = record
            undo.append { [unowned self] in records[place] = old }
        } else {
            records.append(record)
            undo.append { [unowned self] in records.removeLast() }
        }
    }

    func chain(_ replica: Identifier, _ incarnation: UInt64) -> ChainState? {
        intake[OperationID(replica: replica, incarnation: incarnation, sequence: 0)]
    }

    func chains(of replica: Identifier) -> [ChainState] {
        intake.values.filter { $0.replica == replica }.sorted { $0.incarnation < $1.incarnation }
    }

    func set(_ chain: ChainState) throws {
        try willChange()
        let name = OperationID(
            replica: chain.replica,
            incarnation: chain.incarnation,
            sequence: 0
        )
        change(\.intake, name, to: chain)
    }

    func operation(hashed hash: Identifier, of replica: Identifier) -> OperationID? {
        order.last { $0.replica == replica && operations[$0]?.operation.hash == hash }
    }

    func settings(under prefix: String) -> [(key: SettingKey, value: [UInt8])] {
        settings.filter { $0.key.text.hasPrefix(prefix) }
            .sorted { $0.key.text < $1.key.text }
            .map { ($0.key, $0.value) }
    }

    // MARK: - Outbox

    func enqueue(_ message: OutboxMessage) throws {
        try willChange()
        guard !messageKeys.contains(message.key) else { return }
        messageKeys.insert(message.key)
        messages.append(message)
        undo.append { [unowned self] in
            messageKeys.remove(message.key)
            messages.removeAll { $0.key == message.key }
        }
    }

    func outbox(limit: Int) -> [OutboxMessage] { Array(messages.prefix(limit)) }

    func delivered(_ key: Identifier) throws {
        try willChange()
        guard let index = messages.firstIndex(where: { $0.key == key }) else { return }
        let message = messages.remove(at: index)
        undo.append { [unowned self] in messages.insert(message, at: index) }
    }
}

/// Everything that a ``MemoryStore`` held at one moment.
public struct StoreImage {
    fileprivate let tables: Tables
}
