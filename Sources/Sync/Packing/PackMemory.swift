import Tally

/// Who recorded an operation, on which start of its program, and after which restore of the hub.
struct PackChain: Hashable {
    var format: UInt32
    var replica: Identifier
    var incarnation: UInt64
    var boot: UInt64
    var seenEpoch: UInt64

    init(_ parts: OperationParts) {
        format = parts.format
        // A part without these was not read.
        replica = parts.replica ?? Identifier(high: 0, low: 0)
        incarnation = parts.incarnation
        boot = parts.boot
        seenEpoch = parts.seenEpoch
    }

    init?(_ reader: inout PackReader) {
        guard let format = reader.rows.varint().flatMap(UInt32.init(exactly:)),
            let replica = reader.ids.identifier(), let incarnation = reader.ids.fixed(),
            let boot = reader.ids.fixed(), let seenEpoch = reader.ids.fixed()
        else { return nil }
        self.format = format
        self.replica = replica
        self.incarnation = incarnation
        self.boot = boot
        self.seenEpoch = seenEpoch
    }

    func write(to writer: inout PackWriter) {
        writer.rows.varint(UInt64(format))
        writer.ids.raw(replica)
        for number in [incarnation, boot, seenEpoch] { writer.ids.fixed(number) }
    }
}

/// What an operation is about, but for the very entity, and who said it.
struct PackSubject: Hashable {
    var kind: UInt32
    var entityKind: String
    var type: String
    var site: String
    var area: String
    /// As bytes: texts that only look alike are not the same operation.
    var author: [UInt8]

    init(_ parts: OperationParts) {
        kind = parts.kind
        entityKind = parts.entityKind
        type = parts.type
        site = parts.site
        area = parts.area
        author = Array(parts.author.utf8)
    }

    /// The type begins with the entity's kind, so only what follows is written.
    init?(_ cursor: inout WireCursor) {
        guard let kind = cursor.varint().flatMap(UInt32.init(exactly:)),
            let entityKind = cursor.text(), let isShort = cursor.byte(), isShort < 2,
            let ending = cursor.text(), let site = cursor.text(), let area = cursor.text(),
            let author = cursor.counted(), String(validating: author, as: UTF8.self) != nil
        else { return nil }
        self.kind = kind
        self.entityKind = entityKind
        type = isShort == 1 ? entityKind + ending : ending
        self.site = site
        self.area = area
        self.author = Array(author)
    }

    func write(to wire: inout WireBytes) {
        wire.varint(UInt64(kind))
        wire.counted(entityKind.utf8)
        let isShort = type.utf8.starts(with: entityKind.utf8)
        wire.byte(isShort ? 1 : 0)
        wire.counted(type.utf8.dropFirst(isShort ? entityKind.utf8.count : 0))
        for text in [site, area] { wire.counted(text.utf8) }
        wire.counted(author)
    }
}

/// What the operations of a pack said so far: writer and reader learn it alike.
struct PackMemory {
    /// The end of a chain as far as it is in the pack.
    struct End {
        var sequence: UInt64 = 0
        var hash: Identifier?
        var wall: Int64 = 0
        var monotonic: UInt64 = 0
        var seen: UInt64 = 0
    }

    private(set) var chains = PackTable<PackChain>()
    private(set) var subjects = PackTable<PackSubject>()
    private(set) var entities = PackTable<Identifier>()
    /// The chains of operations that edits replace.
    var bases = PackTable<PackBase>()
    /// The last one's time in its stamp.
    private(set) var stampMilliseconds: UInt64 = 0
    private(set) var chain: Int?
    private(set) var subject: Int?
    private var ends: [End] = []

    /// The end of a chain of the table.
    func end(of chain: Int) -> End { chain < ends.count ? ends[chain] : End() }

    /// Learns an operation that was written or read.
    mutating func note(_ parts: OperationParts, hash: Identifier) {
        let chain = chains.place(PackChain(parts))
        subject = subjects.place(PackSubject(parts))
        if let entity = parts.entity { _ = entities.place(entity) }
        while ends.count <= chain { ends.append(End()) }
        ends[chain] = End(
            sequence: parts.sequence,
            hash: hash,
            wall: parts.wallMilliseconds,
            monotonic: parts.monotonicMilliseconds,
            seen: parts.seen
        )
        stampMilliseconds = parts.stamp >> 16
        self.chain = chain
    }
}

/// An operation's id without its sequence.
struct PackBase: Hashable {
    let replica: Identifier
    let incarnation: UInt64
}

/// Values that are written once and named by their number from then on.
struct PackTable<Value: Hashable> {
    private(set) var values: [Value] = []
    private var places: [Value: Int] = [:]

    /// The number of a value that is in it.
    subscript(value: Value) -> Int? { places[value] }

    /// The number of a value, which is put in if need be.
    mutating func place(_ value: Value) -> Int {
        if let place = places[value] { return place }
        places[value] = values.count
        values.append(value)
        return values.count - 1
    }
}
