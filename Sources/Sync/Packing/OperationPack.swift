import Tally

/// Operations of one message without what the ones before them in it say already.
///
/// An operation names its terminal, worker, place and type, and its link to the one before; in a
/// batch nearly all of that repeats or can be worked out. A pack has each of these once, the link
/// not at all where it is the hash of an operation in the pack, and clocks as differences. Undone
/// it gives the very bytes of each operation, which are what is hashed and signed. One that would
/// not come back so (a newer program's) is in it as it is. Layout: `PROTOCOL.md`, "Packs".
package enum OperationPack {
    /// The layout's number, the first byte.
    static let layout: UInt8 = 1
    /// What a pack may unpack to, in bytes: more than the longest page.
    static let byteCountMax = 16 << 20

    /// Packs operations.
    ///
    /// - Parameter operations: the bytes of each, in order; also of what is no operation.
    /// - Returns: the pack.
    package static func pack(_ operations: [[UInt8]]) -> [UInt8] {
        var writer = PackWriter(operationCount: operations.count)
        var memory = PackMemory()
        for bytes in operations { write(bytes, to: &writer, &memory) }
        return writer.bytes(layout: layout, operationCount: operations.count)
    }

    /// The operations of a pack.
    ///
    /// - Parameters:
    ///   - pack: what ``pack(_:)`` gave, or anything else.
    ///   - countMax: how many operations are taken.
    /// - Returns: the bytes of each, in order; nil when it is no pack, or too much is in it.
    package static func unpack(_ pack: [UInt8], countMax: Int) -> [[UInt8]]? {
        guard var reader = PackReader(pack, layout: layout), reader.operationCount <= countMax
        else {
            return nil
        }
        var memory = PackMemory()
        var operations: [[UInt8]] = []
        operations.reserveCapacity(reader.operationCount)
        var byteCount = 0
        for _ in 0..<reader.operationCount {
            guard let bytes = read(&reader, &memory) else { return nil }
            byteCount += bytes.count
            guard byteCount <= byteCountMax else { return nil }
            operations.append(bytes)
        }
        return reader.isAtEnd ? operations : nil
    }

    // MARK: - Writing

    private static func write(
        _ bytes: [UInt8],
        to writer: inout PackWriter,
        _ memory: inout PackMemory
    ) {
        guard let parts = OperationReader.read(bytes), OperationWriter.bytes(parts) == bytes else {
            writer.rows.varint(PackFlags.verbatim.rawValue)
            writer.content(bytes)
            return
        }
        let row = PackRow(parts, memory)
        writer.rows.varint(row.flags.rawValue)
        row.write(to: &writer, parts, &memory)
        memory.note(parts, hash: ContentHash.identifier(of: bytes))
    }

    // MARK: - Reading

    private static func read(_ reader: inout PackReader, _ memory: inout PackMemory) -> [UInt8]? {
        guard let value = reader.rows.varint() else { return nil }
        let flags = PackFlags(rawValue: value)
        if flags == .verbatim { return reader.content().map { Array($0) } }
        guard flags.isSubset(of: .all), let parts = PackRow.read(&reader, flags, &memory) else {
            return nil
        }
        let bytes = OperationWriter.bytes(parts)
        memory.note(parts, hash: ContentHash.identifier(of: bytes))
        return bytes
    }
}

/// The three parts of a pack as they grow: what is alike stands together, so that what packs bytes
/// after this finds it.
struct PackWriter {
    /// What each operation is, in numbers and names.
    var rows: WireBytes
    /// Ids, which nothing makes shorter.
    var ids: WireBytes
    private var contents = WireBytes()

    init(operationCount: Int) {
        rows = WireBytes(capacity: 24 * operationCount)
        ids = WireBytes(capacity: 16 * operationCount)
    }

    /// Bytes whose number stands in the row.
    mutating func content(_ bytes: [UInt8]) {
        rows.varint(UInt64(bytes.count))
        contents.raw(bytes)
    }

    func bytes(layout: UInt8, operationCount: Int) -> [UInt8] {
        var wire = WireBytes(
            capacity: 16 + rows.bytes.count + ids.bytes.count + contents.bytes.count
        )
        wire.byte(layout)
        wire.varint(UInt64(operationCount))
        wire.counted(rows.bytes)
        wire.counted(ids.bytes)
        wire.raw(contents.bytes)
        return wire.bytes
    }
}

/// The three parts of a pack as they are read.
struct PackReader {
    let operationCount: Int
    var rows: WireCursor
    var ids: WireCursor
    private var contents: WireCursor

    init?(_ pack: [UInt8], layout: UInt8) {
        var cursor = WireCursor(pack)
        guard cursor.byte() == layout, let count = cursor.varint(), let rows = cursor.counted(),
            let ids = cursor.counted(), let contents = cursor.raw(cursor.left)
        else { return nil }
        // Each operation has a byte of its row at least.
        guard count <= UInt64(rows.count) else { return nil }
        operationCount = Int(count)
        self.rows = WireCursor(Array(rows))
        self.ids = WireCursor(Array(ids))
        self.contents = WireCursor(Array(contents))
    }

    var isAtEnd: Bool { rows.left == 0 && ids.left == 0 && contents.left == 0 }

    mutating func content() -> ArraySlice<UInt8>? {
        guard let count = rows.varint(), count <= UInt64(contents.left) else { return nil }
        return contents.raw(Int(count))
    }
}

/// What of an operation is not as the ones before it let expect.
struct PackFlags: OptionSet {
    let rawValue: UInt64

    static let otherChain = PackFlags(rawValue: 1 << 0)
    static let otherSubject = PackFlags(rawValue: 1 << 1)
    static let otherSequence = PackFlags(rawValue: 1 << 2)
    static let otherPrevious = PackFlags(rawValue: 1 << 3)
    static let otherWall = PackFlags(rawValue: 1 << 4)
    static let knownEntity = PackFlags(rawValue: 1 << 5)
    static let bases = PackFlags(rawValue: 1 << 6)
    static let again = PackFlags(rawValue: 1 << 7)
    /// Stands alone: the operation's bytes follow.
    static let verbatim = PackFlags(rawValue: 1 << 8)

    static let all = PackFlags(rawValue: (1 << 8) - 1)
}
