import Deflate
import Tally

/// What delivery notes are packed with: raw deflate, as `note.proto` says.
enum NoteCompression {
    static let compressor: any Compressor = DeflateCompressor(format: .raw)
}
