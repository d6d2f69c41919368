import Tally

/// Reads an operation's message when it is as this program writes it: fields that it knows, each of
/// its type, none of them out of bounds.
///
/// That is nearly every operation, and several times as fast as a reader that is made for every
/// message. Whatever is not so makes it give up: what a newer program added, and what is no
/// operation, is swift-protobuf's to read and to refuse.
struct OperationReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    /// What an operation says; nil when the message has to be read in the other way.
    static func read(_ bytes: [UInt8]) -> OperationParts? {
        bytes.withUnsafeBytes { buffer in
            var reader = OperationReader(bytes: buffer)
            return reader.parts()
        }
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func parts() -> OperationParts? {
        var parts = OperationParts()
        while place < bytes.count {
            guard let tag = varint(), read(tag, into: &parts) else { return nil }
        }
        return parts.isSound ? parts : nil
    }

    /// Reads one field, by its number and type.
    private mutating func read(_ tag: UInt64, into parts: inout OperationParts) -> Bool {
        switch tag {
        case 1 << 3: return set(&parts.format)
        case 2 << 3 | 2: return set(&parts.replica)
        case 3 << 3 | 1: return setFixed(&parts.incarnation)
        case 4 << 3: return set(&parts.sequence)
        case 5 << 3 | 2: return set(&parts.previous)
        case 6 << 3 | 1: return setFixed(&parts.stamp)
        case 7 << 3 | 2: return set(&parts.author)
        case 8 << 3: return setSigned(&parts.wallMilliseconds)
        case 9 << 3 | 1: return setFixed(&parts.boot)
        case 10 << 3: return set(&parts.monotonicMilliseconds)
        case 11 << 3 | 2: return set(&parts.site)
        case 12 << 3 | 2: return set(&parts.area)
        case 13 << 3: return set(&parts.seen)
        case 14 << 3: return set(&parts.kind)
        case 15 << 3 | 2: return set(&parts.entityKind)
        case 16 << 3 | 2: return set(&parts.entity)
        case 17 << 3 | 2: return set(&parts.type)
        case 18 << 3 | 2: return append(&parts.bases)
        case 19 << 3 | 2:
            guard let part = part() else { return false }
            parts.payload = Array(part)
            return true
        case 20 << 3 | 1: return setFixed(&parts.seenEpoch)
        case 21 << 3 | 2: return set(&parts.again)
        default: return false
        }
    }

    // MARK: - Values

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            // Nine bytes hold 63 bits; a longer one is rare enough for the other reader.
            guard shift < 63 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func part() -> Slice<UnsafeRawBufferPointer>? {
        guard let count = varint(), count <= UInt64(bytes.count - place) else { return nil }
        let start = place
        place += Int(count)
        return bytes[start..<place]
    }

    private mutating func set(_ field: inout UInt64) -> Bool {
        guard let value = varint() else { return false }
        field = value
        return true
    }

    private mutating func set(_ field: inout UInt32) -> Bool {
        guard let value = varint().flatMap(UInt32.init(exactly:)) else { return false }
        field = value
        return true
    }

    private mutating func setSigned(_ field: inout Int64) -> Bool {
        guard let value = varint() else { return false }
        field = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
        return true
    }

    private mutating func setFixed(_ field: inout UInt64) -> Bool {
        guard bytes.count - place >= 8 else { return false }
        let value = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        field = UInt64(littleEndian: value)
        place += 8
        return true
    }

    private mutating func set(_ field: inout Identifier?) -> Bool {
        guard let part = part(), let value = Identifier(bytes: part) else { return false }
        field = value
        return true
    }

    private mutating func set(_ field: inout String) -> Bool {
        guard let part = part(), let value = String(validating: part, as: UTF8.self) else {
            return false
        }
        field = value
        return true
    }

    private mutating func append(_ field: inout [OperationID]) -> Bool {
        guard let part = part(), let value = OperationID(bytes: part) else { return false }
        field.append(value)
        return true
    }
}
