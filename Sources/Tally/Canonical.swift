// The canonical encoding: what is hashed, and what cells are stored as.
//
//   integer   LEB128 varint, shortest form
//   signed    zigzag, then as an integer
//   bytes     length as an integer, then the bytes
//   text      its UTF-8 as bytes
//   list      count as an integer, then the elements, in an order that the writer fixes
//
// There is no floating point and no map, so equal values have equal bytes.

/// Writes values in the canonical encoding.
public struct CanonicalEncoder: Sendable {
    public private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: about how many bytes will be written, so that they are moved less.
    public init(capacity: Int = 0) {
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    public mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    public mutating func write(_ value: Int64) {
        write(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    public mutating func write(_ value: Bool) { write(value ? 1 as UInt64 : 0) }

    public mutating func write(_ value: [UInt8]) {
        write(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    public mutating func write(_ value: String) {
        let text = value.utf8
        write(UInt64(text.count))
        bytes.append(contentsOf: text)
    }

    /// Writes 16 bytes behind their count.
    public mutating func write(_ value: Identifier) {
        bytes.append(16)
        append(value.high)
        append(value.low)
    }

    /// Writes 32 bytes behind their count.
    public mutating func write(_ value: OperationID) {
        bytes.append(32)
        append(value.replica.high)
        append(value.replica.low)
        append(value.incarnation)
        append(value.sequence)
    }

    private mutating func append(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes `values` in the order they come; the caller fixes that order.
    public mutating func write<Element>(
        _ values: [Element],
        each: (inout CanonicalEncoder, Element) -> Void
    ) {
        write(UInt64(values.count))
        for value in values { each(&self, value) }
    }
}

/// Why bytes are not in the canonical encoding.
public enum CanonicalError: Error, Equatable, Sendable {
    /// The bytes end inside a value that starts at this offset.
    case cut(offset: Int)
    /// An integer is longer than 64 bits or not in its shortest form.
    case badInteger(offset: Int)
    /// A text is not UTF-8.
    case badText(offset: Int)
    /// Bytes are left after the last value.
    case leftOver(offset: Int)
    /// A number stands for no case of its type.
    case unknownCase(UInt64)
}

/// Reads values in the canonical encoding; refuses every other encoding of them.
public struct CanonicalDecoder: Sendable {
    private let bytes: [UInt8]
    private var offset = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads an unsigned number: LEB128, in its shortest form.
    public mutating func integer() throws(CanonicalError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift = 0
        while shift < 70 {
            defer { shift += 7 }
            guard offset < bytes.count else { throw .cut(offset: start) }
            let byte = bytes[offset]
            offset += 1
            if shift == 63, byte > 1 { throw .badInteger(offset: start) }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte & 0x80 == 0 {
                if byte == 0, shift > 0 { throw .badInteger(offset: start) }
                return value
            }
        }
        throw .badInteger(offset: start)
    }

    /// Reads a signed number, folded so that small ones of both signs are short.
    public mutating func signed() throws(CanonicalError) -> Int64 {
        let value = try integer()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Reads a 0 or 1.
    public mutating func boolean() throws(CanonicalError) -> Bool {
        let start = offset
        let value = try integer()
        guard value < 2 else { throw .badInteger(offset: start) }
        return value == 1
    }

    /// Reads bytes that stand behind their count.
    public mutating func byteString() throws(CanonicalError) -> [UInt8] {
        let start = offset
        let count = try integer()
        guard count <= UInt64(bytes.count - offset) else { throw .cut(offset: start) }
        defer { offset += Int(count) }
        return Array(bytes[offset..<offset + Int(count)])
    }

    /// Reads text: UTF-8 behind the count of its bytes.
    public mutating func text() throws(CanonicalError) -> String {
        let start = offset
        guard let text = String(validating: try byteString(), as: UTF8.self) else {
            throw .badText(offset: start)
        }
        return text
    }

    /// Reads a list behind the count of its elements, each by `element`.
    public mutating func list<Element>(
        _ element: (inout CanonicalDecoder) throws(CanonicalError) -> Element
    ) throws(CanonicalError) -> [Element] {
        let start = offset
        let count = try integer()
        // Every element takes a byte at least, which bounds what a damaged count can ask for.
        guard count <= UInt64(bytes.count - offset) else { throw .cut(offset: start) }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    /// Whether every byte was read: what a newer program adds at the end may be missing.
    public var isAtEnd: Bool { offset == bytes.count }

    /// Throws when bytes are left after the last value.
    public func finish() throws(CanonicalError) {
        guard offset == bytes.count else { throw .leftOver(offset: offset) }
    }
}
