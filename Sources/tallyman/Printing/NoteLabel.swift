import Codes
import Deflate
import Foundation
import Labels
import Tally

/// A delivery note that is signed and becomes a label.
struct NoteLabel {
    let json: [UInt8]
    /// A file with the seed to sign with; nil for the supplier's key in the data folder.
    let key: String?
    let folder: String?
    /// Nil: its code stands for it.
    let supplierName: String?

    /// The note and the text of its code.
    func signed() throws -> (note: NoteContent, code: String) {
        let now = Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let note = try NoteContent(json: json, now: now)
        let keys = NoteKeyFolder(data: folder)
        let signer = try key.map(NoteKeyFolder.signer) ?? keys.signer(of: note.supplier)
        let code = try SignedNote.makeOrDigest(
            note,
            signer: signer,
            compressor: DeflateCompressor(format: .raw, level: 9)
        )
        return (note, code)
    }

    /// What fills in the templates `delivery_note` and `delivery_note_a4`.
    func data() throws -> LabelData {
        let (note, code) = try signed()
        return .note(
            note,
            supplierName: supplierName ?? note.supplier,
            codes: try NotePart.texts(of: code)
        )
    }
}
