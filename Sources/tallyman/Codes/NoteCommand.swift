import ArgumentParser
import Codes
import Deflate
import Foundation
import Imaging
import Labels
import Tally
import Web

/// `tallyman note`: delivery-note codes.
struct NoteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "note",
        abstract: "Make, read and verify the signed codes of delivery notes.",
        subcommands: [Make.self, Read.self, Verify.self]
    )

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a delivery note and draw its QR code.",
            discussion: """
                Without --key the note is signed with the key that the data folder keeps for its \
                supplier; the first note of a supplier makes one. A note that is too long for one \
                symbol becomes FILE-1-of-N.png and so on, at most 12.
                """
        )

        @Argument(help: "The note as JSON.")
        var file: String

        @Option(help: "Where to write: FILE.png, .svg, .pdf, .zpl, .tspl or .escpos.")
        var out: String

        @Option(help: "A file with the Ed25519 seed to sign with, 64 hexadecimal digits.")
        var key: String?

        @Option(help: "The data folder, for the suppliers' keys.")
        var data: String?

        @Option(
            help: """
                Draw the whole note instead of its code alone: delivery_note (100 x 150 mm) or \
                delivery_note_a4.
                """
        )
        var label: String?

        @Option(help: "The supplier as people know it, for the whole note.")
        var supplierName: String?

        @OptionGroup var look: LabelLook
        @OptionGroup var drawing: DrawingOptions

        func run() throws {
            let form = try PictureForm(path: out)
            let json = try FileBytes.read(file)
            let note = NoteLabel(json: json, key: key, folder: data, supplierName: supplierName)
            if let label {
                return try Talk.refusing {
                    let library = LabelLibrary(try Texts.folder())
                    let filled = try library.filled(
                        label,
                        try note.data(),
                        language: look.language
                    )
                    try LabelFiles(look: look).write(filled.pages, form, to: out)
                }
            }
            let texts = try Talk.refusing { try NotePart.texts(of: note.signed().code) }
            let client = ImagingWorkerClient()
            for (index, text) in texts.enumerated() {
                let path = texts.count == 1 ? out : Self.path(out, index + 1, of: texts.count)
                try drawing.draw(QRContent(text: text), to: path, using: client)
                if texts.count > 1 { Talk.line("part \(index + 1) of \(texts.count): \(path)") }
            }
        }

        /// `note.png` becomes `note-2-of-4.png`.
        private static func path(_ path: String, _ number: Int, of count: Int) -> String {
            let url = URL(fileURLWithPath: path)
            let name = url.deletingPathExtension().lastPathComponent
            return url.deletingLastPathComponent()
                .appendingPathComponent("\(name)-\(number)-of-\(count)")
                .appendingPathExtension(url.pathExtension).path
        }
    }

    struct Read: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the notes in pictures as JSON, without believing them."
        )

        @Argument(help: "Pictures: PNG, JPEG, PGM or PPM.")
        var images: [String]

        func run() throws {
            let compressor = DeflateCompressor(format: .raw)
            let isComplete = try NotePictures.each(images) { text in
                try SignedNote.parse(text, compressor: compressor)
            }
            if !isComplete { throw ExitCode.failure }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the notes in pictures that a supplier's key vouches for.",
            discussion: "Exit code 1, and the reason, when one is forged, altered or of no key."
        )

        @Argument(help: "Pictures: PNG, JPEG, PGM or PPM.")
        var images: [String]

        @Option(
            help: """
                A JSON file with the suppliers' keys: [{"supplier", "publicKey" (hexadecimal or \
                base64), "validFrom", "validUntil", "revoked"}]; else those of the data folder.
                """
        )
        var keys: String?

        @Option(help: "The data folder, for the suppliers' keys.")
        var data: String?

        func run() throws {
            let compressor = DeflateCompressor(format: .raw)
            let now = Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            let known = try Talk.refusing {
                try keys.map { try SupplierKey.list(json: try FileBytes.read($0)) }
                    ?? NoteKeyFolder(data: data).publicKeys()
            }
            let isComplete = try NotePictures.each(images) { text in
                try SignedNote.open(text, keys: known, now: now, compressor: compressor)
            }
            if !isComplete { throw ExitCode.failure }
        }
    }
}

/// Reads notes out of pictures and prints a line for each.
enum NotePictures {
    private struct Document: Encodable {
        let file: String
        var note: NoteContent?
        var key: String?
        var part: Part?
        var error: String?
        var reason: String?
    }

    private struct Part: Encodable {
        let note: String
        let number: Int
        let count: Int
        let missing: [Int]
    }

    /// Prints what `open` makes of the note in each picture; a note in parts is opened at the
    /// picture that completes it.
    ///
    /// - Returns: whether every picture held a note that `open` took.
    static func each(_ images: [String], open: (String) throws -> SignedNote) throws -> Bool {
        let client = ImagingWorkerClient()
        var isComplete = true
        var collected: [String: NoteParts] = [:]
        for image in images {
            var document = Document(file: image)
            do {
                let picture = try FileBytes.read(image)
                let reading = try client.read(picture: picture, symbologies: [.qr])
                let texts = reading.symbols.map(\.text.text)
                guard
                    let text = texts.first(where: { $0.hasPrefix("TMN") || $0.hasPrefix("TMP") })
                        ?? texts.first
                else {
                    throw FileTrouble(path: image, reason: "no code that could be read")
                }
                let whole = try joined(text, &collected, &document)
                if let signed = try whole.map(open) {
                    document.note = signed.content
                    document.key = signed.keyID.description
                }
            } catch {
                isComplete = false
                document.error = (error as? any Refusal)?.code.text
                document.reason = Talk.reason(error)
                Talk.line("\(image): \(Talk.reason(error))")
            }
            try Talk.result(document)
        }
        for parts in collected.values where !parts.missing.isEmpty {
            isComplete = false
            let missing = parts.missing.map(String.init).joined(separator: ", ")
            Talk.line("\(parts.haveCount) of \(parts.count) parts of a note; missing: \(missing)")
        }
        return isComplete
    }

    /// The note's text: the one that was read, or the one that its parts make; nil when parts are
    /// missing.
    private static func joined(
        _ text: String,
        _ collected: inout [String: NoteParts],
        _ document: inout Document
    ) throws -> String? {
        let parser = CodeParser(compressor: DeflateCompressor(format: .raw))
        guard text.hasPrefix(NotePart.prefix),
            case .notePart(let part) = try parser.meaning(of: text)
        else { return text }
        var parts = collected[part.note] ?? NoteParts(part)
        try parts.add(part)
        collected[part.note] = parts
        document.part = Part(
            note: part.note,
            number: part.number,
            count: part.count,
            missing: parts.missing
        )
        return try parts.whole()
    }
}
