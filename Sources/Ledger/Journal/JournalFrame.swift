import Foundation
import Tally

/// What the second journal holds, an entry each.
enum JournalEntry: Hashable, Sendable {
    /// A value that the replica keeps beside its log; nil when it was taken away.
    case setting(String, [UInt8]?)
    /// The bytes of an operation of this replica, and the lane that it went into.
    case operation([UInt8], Lane)
    /// A group of records begins; the one before it is in the database.
    case group
}

/// A segment of the second journal.
///
/// ```
/// offset 0   "TALYOWN1"
///        8   the segment's number, 8 bytes, big-endian
///       16   frames, then zeros to the end of the file:
///
///            length   4 bytes, big-endian: of the payload
///            kind     1 byte: 1 setting, 2 setting taken away, 4 a group begins,
///                     3 operation of the lane 0, 5 to 7 of the lanes 1 to 3
///            payload
///            check    4 bytes: CRC-32 (ISO 3309) over the segment's number, the frame's offset,
///                     kind and payload
/// ```
///
/// Number and offset are in the check, so that a frame counts only where it was written. What
/// follows a damaged frame is found again byte by byte. A group is synced before the next one
/// begins, so bytes that are no frame were cut off with the power if no group begins after them,
/// and are damage else.
enum JournalSegment {
    static let magic = Array("TALYOWN1".utf8)
    static let headerCount = 16
    /// The longest payload: an operation has at most 1 MiB.
    static let payloadCountMax = (1 << 20) + 4_096
    private static let overhead = 9

    static func header(_ number: UInt64) -> [UInt8] { magic + number.bigEndianBytes }

    /// The frame of an entry that stands at `offset`.
    static func frame(_ entry: JournalEntry, number: UInt64, offset: Int) -> [UInt8] {
        let (kind, payload) = encoded(entry)
        var bytes = Array(UInt64(payload.count).bigEndianBytes.suffix(4))
        bytes.append(kind)
        bytes += payload
        let check = check(number, offset, kind, payload[...])
        return bytes + UInt64(check).bigEndianBytes.suffix(4)
    }

    /// What a segment's bytes hold.
    struct Content: Sendable {
        var number: UInt64
        var entries: [JournalEntry] = []
        /// Where the next frame goes.
        var end = headerCount
        /// Whether there are bytes that are no frame: a write that was cut, or damage.
        var isTorn = false
        /// Whether it is damage.
        var isDamaged = false
    }

    /// Reads a segment; `number` is what its name says.
    static func read(_ bytes: [UInt8], number: UInt64) -> Content {
        var content = Content(number: number)
        if !bytes.starts(with: header(number)) { content.isDamaged = true }
        var offset = headerCount
        var isBroken = false
        while offset + overhead <= bytes.count {
            if let (entry, count) = frame(in: bytes, at: offset, number) {
                content.entries.append(entry)
                if entry == .group, isBroken { content.isDamaged = true }
                offset += count
                content.end = offset
            } else {
                if bytes[offset...].allSatisfy({ $0 == 0 }) { break }
                isBroken = true
                content.isTorn = true
                guard let next = nextFrame(in: bytes, after: offset, number) else { break }
                offset = next
            }
        }
        return content
    }

    private static func nextFrame(
        in bytes: [UInt8],
        after offset: Int,
        _ number: UInt64
    ) -> Int? {
        var place = offset + 1
        while place + overhead <= bytes.count {
            // A frame's kind is never 0, so zeros are passed over without a closer look.
            if (1...7).contains(bytes[place + 4]), frame(in: bytes, at: place, number) != nil {
                return place
            }
            place += 1
        }
        return nil
    }

    private static func frame(
        in bytes: [UInt8],
        at offset: Int,
        _ number: UInt64
    ) -> (JournalEntry, count: Int)? {
        let count = integer(bytes[offset..<offset + 4])
        let kind = bytes[offset + 4]
        guard (1...7).contains(kind), count <= payloadCountMax,
            offset + overhead + count <= bytes.count
        else { return nil }
        let payload = bytes[(offset + 5)..<(offset + 5 + count)]
        let stored = integer(bytes[(offset + 5 + count)..<(offset + overhead + count)])
        guard stored == Int(check(number, offset, kind, payload)),
            let entry = decoded(kind, payload)
        else { return nil }
        return (entry, overhead + count)
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    private static func encoded(_ entry: JournalEntry) -> (kind: UInt8, payload: [UInt8]) {
        var encoder = CanonicalEncoder()
        switch entry {
        case .setting(let key, let value?):
            encoder.write(key)
            encoder.write(value)
            return (1, encoder.bytes)
        case .setting(let key, nil):
            encoder.write(key)
            return (2, encoder.bytes)
        case .operation(let bytes, let lane):
            return (lane == .safety ? 3 : 4 + lane.rawValue, bytes)
        case .group:
            return (4, [])
        }
    }

    private static func decoded(_ kind: UInt8, _ payload: ArraySlice<UInt8>) -> JournalEntry? {
        if kind == 3 { return .operation(Array(payload), .safety) }
        if kind > 4 { return Lane(rawValue: kind - 4).map { .operation(Array(payload), $0) } }
        if kind == 4 { return payload.isEmpty ? .group : nil }
        var decoder = CanonicalDecoder(Array(payload))
        guard let key = try? decoder.text() else { return nil }  // nil: no entry of ours
        if kind == 2 { return .setting(key, nil) }
        guard let value = try? decoder.byteString() else { return nil }  // nil: as above
        return .setting(key, value)
    }

    private static func check(
        _ number: UInt64,
        _ offset: Int,
        _ kind: UInt8,
        _ payload: ArraySlice<UInt8>
    ) -> UInt32 {
        var sum = CyclicSum()
        sum.add(number.bigEndianBytes[...])
        sum.add(UInt64(offset).bigEndianBytes[...])
        sum.add([kind])
        sum.add(payload)
        return sum.value
    }
}

/// CRC-32 as in ISO 3309 (polynomial 0xEDB88320, reflected).
struct CyclicSum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { sum, _ in
            sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1
        }
    }

    private var register: UInt32 = 0xFFFF_FFFF

    var value: UInt32 { ~register }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            register = register >> 8 ^ Self.table[Int(UInt8(truncatingIfNeeded: register) ^ byte)]
        }
    }
}
