import Tally

/// Bytes that are written with protobuf's varints.
struct WireBytes {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A number near zero, of either sign.
    mutating func zigzag(_ value: Int64) {
        varint(UInt64(bitPattern: value &<< 1 ^ value >> 63))
    }

    /// Eight bytes, the lowest first.
    mutating func fixed(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    mutating func raw(_ value: some Collection<UInt8>) { bytes.append(contentsOf: value) }

    mutating func raw(_ value: Identifier) {
        for half in [value.high, value.low] { fixed(half.byteSwapped) }
    }

    /// Bytes after their number.
    mutating func counted(_ value: some Collection<UInt8>) {
        varint(UInt64(value.count))
        raw(value)
    }
}

/// Reads what ``WireBytes`` wrote; each call gives nil when the bytes are not so.
struct WireCursor {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    /// How many bytes are left.
    var left: Int { bytes.count - place }

    mutating func byte() -> UInt8? {
        guard place < bytes.count else { return nil }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, let byte = byte() {
            // The tenth byte has one bit left.
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    mutating func zigzag() -> Int64? {
        guard let value = varint() else { return nil }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func fixed() -> UInt64? {
        guard let part = raw(8) else { return nil }
        return part.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func raw(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - place else { return nil }
        defer { place += count }
        return bytes[place..<place + count]
    }

    mutating func identifier() -> Identifier? {
        raw(16).flatMap { Identifier(bytes: $0) }
    }

    mutating func counted() -> ArraySlice<UInt8>? {
        guard let count = varint(), count <= UInt64(bytes.count - place) else { return nil }
        return raw(Int(count))
    }

    mutating func text() -> String? {
        counted().flatMap { String(validating: $0, as: UTF8.self) }
    }
}
