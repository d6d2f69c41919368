import Tally

/// Packs nothing: notes are small, and the core takes any compressor.
///
/// Four bytes of length tell a cut text from a whole one, as a real compressor would.
struct IdentityCompressor: Compressor {
    struct Damaged: Error {}

    func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        UInt64(bytes.count).bigEndianBytes.suffix(4) + bytes
    }

    func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8] {
        let count = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count == count + 4, count <= countMax else { throw Damaged() }
        return Array(bytes.dropFirst(4))
    }
}
