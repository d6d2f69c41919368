import Deflate
import Tally

/// What delivery notes are packed with: raw deflate, as `note.proto` says.
enum NoteCompression {
    static let compressor: any Compressor = DeflateCompressor(format: .raw)
}

/// What sync messages are packed with on the way: zlib's format, as HTTP's `deflate` is, and quick.
///
/// A pack's parts are of several kinds, so blocks are short: an operation of 190 random letters
/// goes in 171 bytes instead of 176.
enum BodyCompression {
    static let compressor: any Compressor = DeflateCompressor(level: 3, memoryLevel: 6)
}
