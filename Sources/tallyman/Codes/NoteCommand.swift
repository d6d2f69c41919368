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
                symbol becomes FILE-1-of-N.png and so on, at most 12; a longer one is printed as \
                its signed digest, and its lines must come to the terminals from the hub.
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
            try drawing.draw(parts: texts, to: out, using: ImagingWorkerClient())
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
                text.hasPrefix(SignedDigest.prefix)
                    ? .digest(try SignedDigest.parse(text, compressor: compressor))
                    : .note(try SignedNote.parse(text, compressor: compressor))
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
                text.hasPrefix(SignedDigest.prefix)
                    ? .digest(
                        try SignedDigest.open(text, keys: known, now: now, compressor: compressor)
                    )
                    : .note(
                        try SignedNote.open(text, keys: known, now: now, compressor: compressor)
                    )
            }
            if !isComplete { throw ExitCode.failure }
        }
    }
}

/// Reads notes out of pictures and prints a line for each.
enum NotePictures {
    /// What was found in a picture.
    enum Found {
        case note(SignedNote)
        case digest(SignedDigest)
    }

    private struct Digest: Encodable {
        let supplier: String
        let number: String
        let site: String
        let lines: Int
        let sha256: String
    }

    private struct Document: Encodable {
        let file: String
        var note: NoteContent?
        var digest: Digest?
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
    static func each(_ images: [String], open: (String) throws -> Found) throws -> Bool {
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
                    let text = texts.first(where: {
                        ["TMN", "TMP", "TMD"].contains(String($0.prefix(3)))
                    })
                        ?? texts.first
                else {
                    throw FileTrouble(path: image, reason: "no code that could be read")
                }
                let whole = try joined(text, &collected, &document)
                switch try whole.map(open) {
                case .note(let signed):
                    document.note = signed.content
                    document.key = signed.keyID.description
                case .digest(let signed):
                    document.digest = Digest(
                        supplier: signed.supplier,
                        number: signed.number,
                        site: signed.site,
                        lines: signed.lineCount,
                        sha256: signed.digest.hexadecimal
                    )
                    document.key = signed.keyID.description
                case nil: break
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
