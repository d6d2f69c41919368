import Foundation
import SwiftProtobuf
import Sync

/// Packs, written from PROTOCOL.md, "Packs", alone.
struct StrangerPack {
    private struct End {
        var sequence: UInt64 = 0
        var hash: [UInt8] = []
        var wall: Int64 = 0
        var monotonic: UInt64 = 0
        var seen: UInt64 = 0
    }

    private var chains: [[UInt8]] = []
    private var ends: [End] = []
    private var subjects: [[UInt8]] = []
    private var entities: [[UInt8]] = []
    private var bases: [[UInt8]] = []
    private var milliseconds: Int64 = 0
    private var lastChain: Int?
    private var lastSubject: Int?

    // MARK: - Making one

    /// A pack as it grows.
    private struct Parts {
        var rows = Canon()
        var ids = Canon()
        var contents: [UInt8] = []

        func pack(_ count: Int) -> [UInt8] {
            var canon = Canon()
            canon.raw([1])
            canon.integer(UInt64(count))
            canon.data(rows.bytes)
            canon.data(ids.bytes)
            return canon.bytes + contents
        }

        mutating func content(_ bytes: [UInt8]) {
            rows.integer(UInt64(bytes.count))
            contents += bytes
        }
    }

    /// A pack of a stranger's operations, which have no bases and say nothing again.
    static func pack(_ operations: [[UInt8]]) throws -> [UInt8] {
        var parts = Parts()
        var pack = StrangerPack()
        for operation in operations { try pack.add(operation, to: &parts) }
        return parts.pack(operations.count)
    }

    /// A pack in which each operation stands as it is.
    static func plain(_ operations: [[UInt8]]) -> [UInt8] {
        var parts = Parts()
        for operation in operations {
            parts.rows.integer(256)
            parts.content(operation)
        }
        return parts.pack(operations.count)
    }

    private mutating func add(_ bytes: [UInt8], to parts: inout Parts) throws {
        let operation = try WireOperation(serializedBytes: bytes)
        let (chain, subject) = (Self.chain(operation), Self.subject(operation))
        let entity = Array(operation.entity)
        let place = chains.firstIndex(of: chain)
        let end = place.map { ends[$0] } ?? End()
        let stamp = Int64(operation.stamp >> 16)
        let previous = Array(operation.previous)
        let subjectPlace = subjects.firstIndex(of: subject)
        let entityPlace = entities.firstIndex(of: entity)
        var flags: UInt64 = place == nil || place != lastChain ? 1 : 0
        if subjectPlace == nil || subjectPlace != lastSubject { flags |= 2 }
        if operation.sequence != end.sequence + 1 { flags |= 4 }
        if previous != end.hash { flags |= 8 }
        if operation.wallMilliseconds != stamp { flags |= 16 }
        if entityPlace != nil { flags |= 32 }
        parts.rows.integer(flags)
        if flags & 1 != 0 {
            parts.rows.integer(UInt64(place ?? chains.count))
            if place == nil {
                parts.rows.integer(UInt64(operation.format))
                parts.ids.raw(chain.dropFirst(chain.count - 40))
            }
        }
        if flags & 2 != 0 {
            parts.rows.integer(UInt64(subjectPlace ?? subjects.count))
            if subjectPlace == nil { parts.rows.raw(subject) }
        }
        if flags & 4 != 0 { parts.rows.integer(operation.sequence) }
        if flags & 8 != 0 {
            parts.rows.raw([previous.isEmpty ? 0 : 1])
            parts.ids.raw(previous)
        }
        parts.rows.signed(stamp - milliseconds)
        parts.rows.integer(operation.stamp & 0xFFFF)
        if flags & 16 != 0 { parts.rows.signed(operation.wallMilliseconds &- stamp) }
        let passed = Int64(bitPattern: operation.monotonicMilliseconds &- end.monotonic)
        parts.rows.signed(passed &- (operation.wallMilliseconds &- end.wall))
        parts.rows.signed(Int64(bitPattern: operation.seen &- end.seen))
        if let entityPlace {
            parts.rows.integer(UInt64(entityPlace))
        } else {
            parts.ids.raw(entity)
        }
        parts.content(Array(operation.payload))
        note(operation, bytes)
    }

    private mutating func note(_ operation: WireOperation, _ bytes: [UInt8]) {
        let (chain, subject) = (Self.chain(operation), Self.subject(operation))
        if !chains.contains(chain) {
            chains.append(chain)
            ends.append(End())
        }
        if !subjects.contains(subject) { subjects.append(subject) }
        if !entities.contains(Array(operation.entity)) { entities.append(Array(operation.entity)) }
        lastChain = chains.firstIndex(of: chain)
        lastSubject = subjects.firstIndex(of: subject)
        milliseconds = Int64(operation.stamp >> 16)
        ends[lastChain ?? 0] = End(
            sequence: operation.sequence,
            hash: Hash.short(bytes),
            wall: operation.wallMilliseconds,
            monotonic: operation.monotonicMilliseconds,
            seen: operation.seen
        )
    }

    private static func chain(_ operation: WireOperation) -> [UInt8] {
        var canon = Canon()
        canon.integer(UInt64(operation.format))
        canon.raw(Array(operation.replica))
        for number in [operation.incarnation, operation.boot, operation.seenEpoch] {
            canon.raw((0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
        }
        return canon.bytes
    }

    private static func subject(_ operation: WireOperation) -> [UInt8] {
        var canon = Canon()
        canon.integer(UInt64(operation.kind))
        canon.text(operation.entityKind)
        // Every type of the protocol begins with its entity's kind.
        canon.raw([1])
        canon.text(String(operation.type.dropFirst(operation.entityKind.count)))
        for text in [operation.site, operation.area, operation.author] { canon.text(text) }
        return canon.bytes
    }
}

// MARK: - Reading one

extension StrangerPack {
    /// A pack as it is read.
    private struct Reader {
        var rows: PackBytes
        var ids: PackBytes
        var contents: PackBytes

        var isAtEnd: Bool { rows.isAtEnd && ids.isAtEnd && contents.isAtEnd }

        mutating func content() -> [UInt8]? {
            rows.number().flatMap { contents.raw(Int(clamping: $0)) }
        }
    }

    /// The operations of a hub's pack; nil when it is none.
    static func operations(_ pack: [UInt8]) throws -> [[UInt8]]? {
        var bytes = PackBytes(bytes: pack)
        guard bytes.number() == 1, let count = bytes.number(), let rows = bytes.data(),
            let ids = bytes.data()
        else { return nil }
        var reader = Reader(
            rows: PackBytes(bytes: rows),
            ids: PackBytes(bytes: ids),
            contents: PackBytes(bytes: bytes.rest)
        )
        var memory = StrangerPack()
        var operations: [[UInt8]] = []
        for _ in 0..<count {
            guard let bytes = try memory.next(&reader) else { return nil }
            operations.append(bytes)
        }
        return reader.isAtEnd ? operations : nil
    }

    private mutating func next(_ reader: inout Reader) throws -> [UInt8]? {
        guard let flags = reader.rows.number() else { return nil }
        if flags == 256 { return reader.content() }
        var operation = WireOperation()
        let chain = flags & 1 != 0 ? reader.rows.number().map { Int($0) } : lastChain
        guard let chain, readChain(&reader, chain, &operation) else { return nil }
        let end = chain < ends.count ? ends[chain] : End()
        let subject = flags & 2 != 0 ? reader.rows.number().map { Int($0) } : lastSubject
        guard let subject, readSubject(&reader.rows, subject, &operation) else { return nil }
        operation.sequence = flags & 4 != 0 ? reader.rows.number() ?? 0 : end.sequence + 1
        operation.previous = Data(end.hash)
        if flags & 8 != 0 {
            let isThere = reader.rows.number() == 1
            operation.previous = isThere ? Data(reader.ids.raw(16) ?? []) : Data()
        }
        guard let passed = reader.rows.signed(), let counter = reader.rows.number() else {
            return nil
        }
        let stamp = milliseconds &+ passed
        operation.stamp = UInt64(bitPattern: stamp) << 16 | counter
        operation.wallMilliseconds = stamp &+ (flags & 16 != 0 ? reader.rows.signed() ?? 0 : 0)
        guard let drift = reader.rows.signed(), let seen = reader.rows.signed() else { return nil }
        let later = drift &+ operation.wallMilliseconds &- end.wall
        operation.monotonicMilliseconds = end.monotonic &+ UInt64(bitPattern: later)
        operation.seen = end.seen &+ UInt64(bitPattern: seen)
        if flags & 32 != 0 {
            guard let place = reader.rows.number(), place < entities.count else { return nil }
            operation.entity = Data(entities[Int(place)])
        } else {
            operation.entity = Data(reader.ids.raw(16) ?? [])
        }
        if flags & 64 != 0 { readBases(&reader, &operation) }
        if flags & 128 != 0 { operation.again = Data(reader.ids.raw(16) ?? []) }
        operation.payload = Data(reader.content() ?? [])
        let bytes: [UInt8] = try operation.serializedBytes()
        note(operation, bytes)
        return bytes
    }

    private func readChain(
        _ reader: inout Reader,
        _ place: Int,
        _ operation: inout WireOperation
    ) -> Bool {
        var known = PackBytes(bytes: place < chains.count ? chains[place] : [])
        let isKnown = place < chains.count
        guard let format = isKnown ? known.number() : reader.rows.number(),
            let replica = isKnown ? known.raw(16) : reader.ids.raw(16),
            let incarnation = isKnown ? known.fixed() : reader.ids.fixed(),
            let boot = isKnown ? known.fixed() : reader.ids.fixed(),
            let epoch = isKnown ? known.fixed() : reader.ids.fixed()
        else { return false }
        operation.format = UInt32(format)
        operation.replica = Data(replica)
        operation.incarnation = incarnation
        operation.boot = boot
        operation.seenEpoch = epoch
        return true
    }

    private func readSubject(
        _ reader: inout PackBytes,
        _ place: Int,
        _ operation: inout WireOperation
    ) -> Bool {
        var known = PackBytes(bytes: place < subjects.count ? subjects[place] : [])
        func fill(_ source: inout PackBytes) -> Bool {
            guard let kind = source.number(), let entityKind = source.text(),
                let isShort = source.number(), let type = source.text(),
                let site = source.text(), let area = source.text(), let author = source.text()
            else { return false }
            operation.kind = UInt32(kind)
            operation.entityKind = entityKind
            operation.type = isShort == 1 ? entityKind + type : type
            operation.site = site
            operation.area = area
            operation.author = author
            return true
        }
        return place < subjects.count ? fill(&known) : fill(&reader)
    }

    private mutating func readBases(_ reader: inout Reader, _ operation: inout WireOperation) {
        for _ in 0..<(reader.rows.number() ?? 0) {
            guard let place = reader.rows.number() else { return }
            if place == bases.count {
                // The id as it stands in an operation has its numbers the other way round.
                let replica = reader.ids.raw(16) ?? []
                bases.append(replica + (reader.ids.raw(8) ?? []).reversed())
            }
            guard place < bases.count, let sequence = reader.rows.number() else { return }
            let last = (0..<8).map { UInt8(truncatingIfNeeded: sequence >> (56 - 8 * $0)) }
            operation.bases.append(Data(bases[Int(place)] + last))
        }
    }
}

/// The bytes of a pack, from front to end.
private struct PackBytes {
    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }
    var rest: [UInt8] { Array(bytes[place...]) }

    mutating func number() -> UInt64? {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while place < bytes.count, shift < 64 {
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    mutating func signed() -> Int64? {
        number().map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }

    mutating func raw(_ count: Int) -> [UInt8]? {
        guard count >= 0, bytes.count - place >= count else { return nil }
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    mutating func fixed() -> UInt64? {
        raw(8).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }

    mutating func data() -> [UInt8]? { number().flatMap { raw(Int(clamping: $0)) } }

    mutating func text() -> String? { data().map { String(decoding: $0, as: UTF8.self) } }
}
