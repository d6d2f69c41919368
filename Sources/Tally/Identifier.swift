import Crypto

/// A 128-bit name of a thing: derived from its natural key where it has one, random else.
///
/// Two offline terminals that register the same thing derive the same identifier and so meet in
/// one entity. The text form is 32 lower-case hexadecimal digits.
public struct Identifier: Hashable, Comparable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The identifier in 16 big-endian bytes; nil for any other length.
    @inlinable
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        let halves = bytes.withContiguousStorageIfAvailable { buffer in
            let raw = UnsafeRawBufferPointer(buffer)
            return (
                UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        if let halves {
            self.init(high: halves.0, low: halves.1)
            return
        }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            // What runs over from the lower half goes to the upper one.
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        self.init(high: high, low: low)
    }

    /// The identifier in 32 hexadecimal digits; nil for anything else.
    public init?(text: some StringProtocol) {
        guard let bytes = [UInt8](hexadecimal: text) else { return nil }
        self.init(bytes: bytes)
    }

    /// An identifier for a thing without a natural key.
    public static func random(_ dice: inout some Dice) -> Identifier {
        Identifier(high: dice.next(), low: dice.next())
    }

    /// An identifier that everyone who knows the natural key arrives at.
    ///
    /// The first 128 bits of SHA-256 over the tag and the parts, each with its length, so that
    /// ("a", "bc") and ("ab", "c") differ. Parts are taken as they are: normalise with
    /// ``NaturalKey`` first.
    ///
    /// - Parameters:
    ///   - tag: the kind of thing, so that equal keys of different kinds do not meet.
    ///   - parts: the natural key, in a fixed order.
    /// - Returns: the identifier.
    public static func derived(_ tag: String, _ parts: String...) -> Identifier {
        var encoder = CanonicalEncoder()
        encoder.write(tag)
        for part in parts { encoder.write(part) }
        return ContentHash.identifier(of: encoder.bytes)
    }

    public static func < (one: Identifier, other: Identifier) -> Bool {
        one.high == other.high ? one.low < other.low : one.high < other.high
    }

    /// 16 bytes, big-endian.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for place in 0..<8 {
                let shift = UInt64(56 - 8 * place)
                buffer[place] = UInt8(truncatingIfNeeded: high >> shift)
                buffer[place + 8] = UInt8(truncatingIfNeeded: low >> shift)
            }
            count = 16
        }
    }
}

extension Identifier: CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    public var description: String { bytes.hexadecimal }
}

/// SHA-256 of some bytes (FIPS 180-4).
public struct ContentHash: Hashable, Sendable {
    /// 32 bytes.
    public let bytes: [UInt8]

    public init(of content: [UInt8]) { bytes = Array(SHA256.hash(data: content)) }

    /// The first 128 bits of the hash of some bytes.
    public static func identifier(of content: [UInt8]) -> Identifier {
        SHA256.hash(data: content).withUnsafeBytes { digest in
            Identifier(
                high: UInt64(bigEndian: digest.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// Takes the 32 bytes of a hash; nil for any other length.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// The first 128 bits.
    public var identifier: Identifier {
        guard let identifier = Identifier(bytes: bytes.prefix(16)) else {
            preconditionFailure("a SHA-256 has 32 bytes")
        }
        return identifier
    }
}
