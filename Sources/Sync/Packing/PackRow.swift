import Tally

/// One operation in a pack, as differences from what the pack's memory lets expect.
struct PackRow {
    private(set) var flags: PackFlags = []
    private let chain: PackChain
    private let subject: PackSubject
    private let end: PackMemory.End
    /// Numbers in the tables; nil for what is not in them yet.
    private let chainPlace: Int?
    private let subjectPlace: Int?
    private let entityPlace: Int?

    init(_ parts: OperationParts, _ memory: PackMemory) {
        chain = PackChain(parts)
        subject = PackSubject(parts)
        chainPlace = memory.chains[chain]
        subjectPlace = memory.subjects[subject]
        entityPlace = parts.entity.flatMap { memory.entities[$0] }
        end = chainPlace.map(memory.end) ?? PackMemory.End()
        if chainPlace == nil || chainPlace != memory.chain { flags.insert(.otherChain) }
        if subjectPlace == nil || subjectPlace != memory.subject { flags.insert(.otherSubject) }
        if parts.sequence != end.sequence &+ 1 { flags.insert(.otherSequence) }
        if parts.previous != end.hash { flags.insert(.otherPrevious) }
        if parts.wallMilliseconds != Int64(parts.stamp >> 16) { flags.insert(.otherWall) }
        if entityPlace != nil { flags.insert(.knownEntity) }
        if !parts.bases.isEmpty { flags.insert(.bases) }
        if parts.again != nil { flags.insert(.again) }
    }

    func write(to writer: inout PackWriter, _ parts: OperationParts, _ memory: inout PackMemory) {
        if flags.contains(.otherChain) {
            writer.rows.varint(UInt64(chainPlace ?? memory.chains.values.count))
            if chainPlace == nil { chain.write(to: &writer) }
        }
        if flags.contains(.otherSubject) {
            writer.rows.varint(UInt64(subjectPlace ?? memory.subjects.values.count))
            if subjectPlace == nil { subject.write(to: &writer.rows) }
        }
        if flags.contains(.otherSequence) { writer.rows.varint(parts.sequence) }
        if flags.contains(.otherPrevious) {
            writer.rows.byte(parts.previous == nil ? 0 : 1)
            if let previous = parts.previous { writer.ids.raw(previous) }
        }
        let milliseconds = parts.stamp >> 16
        writer.rows.zigzag(Int64(milliseconds) - Int64(memory.stampMilliseconds))
        writer.rows.varint(parts.stamp & 0xFFFF)
        if flags.contains(.otherWall) {
            writer.rows.zigzag(parts.wallMilliseconds &- Int64(milliseconds))
        }
        // Both clocks run alike within a start.
        let passed = Int64(bitPattern: parts.monotonicMilliseconds &- end.monotonic)
        writer.rows.zigzag(passed &- (parts.wallMilliseconds &- end.wall))
        writer.rows.zigzag(Int64(bitPattern: parts.seen &- end.seen))
        if let entityPlace {
            writer.rows.varint(UInt64(entityPlace))
        } else if let entity = parts.entity {
            writer.ids.raw(entity)
        }
        if flags.contains(.bases) { Self.write(parts.bases, to: &writer, &memory) }
        if let again = parts.again { writer.ids.raw(again) }
        writer.content(parts.payload)
    }

    private static func write(
        _ bases: [OperationID],
        to writer: inout PackWriter,
        _ memory: inout PackMemory
    ) {
        writer.rows.varint(UInt64(bases.count))
        for id in bases {
            let base = PackBase(replica: id.replica, incarnation: id.incarnation)
            if let place = memory.bases[base] {
                writer.rows.varint(UInt64(place))
            } else {
                writer.rows.varint(UInt64(memory.bases.place(base)))
                writer.ids.raw(base.replica)
                writer.ids.fixed(base.incarnation)
            }
            writer.rows.varint(id.sequence)
        }
    }

    // MARK: - Reading

    static func read(
        _ reader: inout PackReader,
        _ flags: PackFlags,
        _ memory: inout PackMemory
    ) -> OperationParts? {
        var parts = OperationParts()
        guard let place = readChain(&reader, flags, memory, into: &parts),
            readSubject(&reader, flags, memory, into: &parts)
        else { return nil }
        let end = memory.end(of: place)
        parts.sequence = end.sequence &+ 1
        if flags.contains(.otherSequence) {
            guard let sequence = reader.rows.varint() else { return nil }
            parts.sequence = sequence
        }
        parts.previous = end.hash
        if flags.contains(.otherPrevious) {
            guard let isThere = reader.rows.byte(), isThere < 2 else { return nil }
            parts.previous = isThere == 1 ? reader.ids.identifier() : nil
            guard isThere == 0 || parts.previous != nil else { return nil }
        }
        guard readClocks(&reader, flags, memory, end, into: &parts),
            let entity = readEntity(&reader, flags, memory)
        else { return nil }
        parts.entity = entity
        if flags.contains(.bases) {
            guard let bases = readBases(&reader, &memory) else { return nil }
            parts.bases = bases
        }
        if flags.contains(.again) {
            guard let again = reader.ids.identifier() else { return nil }
            parts.again = again
        }
        guard let payload = reader.content() else { return nil }
        parts.payload = Array(payload)
        return parts
    }

    /// The chain's number in the table, where a new one stands last from now on.
    private static func readChain(
        _ reader: inout PackReader,
        _ flags: PackFlags,
        _ memory: PackMemory,
        into parts: inout OperationParts
    ) -> Int? {
        var place = memory.chain
        if flags.contains(.otherChain) {
            place = reader.rows.varint().flatMap(Int.init(exactly:))
        }
        guard let place, place <= memory.chains.values.count else { return nil }
        let isNew = place == memory.chains.values.count
        guard let chain = isNew ? PackChain(&reader) : memory.chains.values[place] else {
            return nil
        }
        // A chain that is said to be new and is not would have two numbers.
        guard !isNew || memory.chains[chain] == nil else { return nil }
        parts.format = chain.format
        parts.replica = chain.replica
        parts.incarnation = chain.incarnation
        parts.boot = chain.boot
        parts.seenEpoch = chain.seenEpoch
        return place
    }

    private static func readSubject(
        _ reader: inout PackReader,
        _ flags: PackFlags,
        _ memory: PackMemory,
        into parts: inout OperationParts
    ) -> Bool {
        var place = memory.subject
        if flags.contains(.otherSubject) {
            place = reader.rows.varint().flatMap(Int.init(exactly:))
        }
        guard let place, place <= memory.subjects.values.count else { return false }
        let isNew = place == memory.subjects.values.count
        guard let subject = isNew ? PackSubject(&reader.rows) : memory.subjects.values[place] else {
            return false
        }
        guard !isNew || memory.subjects[subject] == nil else { return false }
        parts.kind = subject.kind
        parts.entityKind = subject.entityKind
        parts.type = subject.type
        parts.site = subject.site
        parts.area = subject.area
        parts.author = String(decoding: subject.author, as: UTF8.self)
        return true
    }

    private static func readClocks(
        _ reader: inout PackReader,
        _ flags: PackFlags,
        _ memory: PackMemory,
        _ end: PackMemory.End,
        into parts: inout OperationParts
    ) -> Bool {
        guard let passed = reader.rows.zigzag(), let counter = reader.rows.varint(),
            counter <= 0xFFFF
        else {
            return false
        }
        let milliseconds = Int64(memory.stampMilliseconds) &+ passed
        guard milliseconds >= 0, milliseconds < 1 << 48 else { return false }
        parts.stamp = UInt64(milliseconds) << 16 | counter
        parts.wallMilliseconds = milliseconds
        if flags.contains(.otherWall) {
            guard let off = reader.rows.zigzag() else { return false }
            parts.wallMilliseconds = milliseconds &+ off
        }
        guard let drift = reader.rows.zigzag(), let seen = reader.rows.zigzag() else {
            return false
        }
        let monotonic = drift &+ (parts.wallMilliseconds &- end.wall)
        parts.monotonicMilliseconds = end.monotonic &+ UInt64(bitPattern: monotonic)
        parts.seen = end.seen &+ UInt64(bitPattern: seen)
        return true
    }

    private static func readEntity(
        _ reader: inout PackReader,
        _ flags: PackFlags,
        _ memory: PackMemory
    ) -> Identifier? {
        guard flags.contains(.knownEntity) else { return reader.ids.identifier() }
        guard let place = reader.rows.varint().flatMap(Int.init(exactly:)),
            place < memory.entities.values.count
        else { return nil }
        return memory.entities.values[place]
    }

    private static func readBases(
        _ reader: inout PackReader,
        _ memory: inout PackMemory
    ) -> [OperationID]? {
        guard let count = reader.rows.varint(), count <= UInt64(OperationPack.byteCountMax / 32)
        else {
            return nil
        }
        var bases: [OperationID] = []
        for _ in 0..<count {
            guard let place = reader.rows.varint().flatMap(Int.init(exactly:)),
                place <= memory.bases.values.count
            else { return nil }
            if place == memory.bases.values.count {
                guard let replica = reader.ids.identifier(), let incarnation = reader.ids.fixed()
                else {
                    return nil
                }
                let base = PackBase(replica: replica, incarnation: incarnation)
                guard memory.bases.place(base) == place else { return nil }
            }
            guard let sequence = reader.rows.varint() else { return nil }
            let base = memory.bases.values[place]
            bases.append(
                OperationID(
                    replica: base.replica,
                    incarnation: base.incarnation,
                    sequence: sequence
                )
            )
        }
        return bases
    }
}
