import Foundation
import Tally

/// The answer to "what does this text mean?", as JSON.
///
/// `meaning` names the kind; the other keys depend on it. A refusal has `error` (the problem code),
/// `reason` (code and facts in one line), and `position`, `identifier` and `character` where there
/// are any. GS1 data and refusals have `valid`. A supplier's own code has `signed: false`, the
/// `rule` that read it, and in `found` and `lines` what the rule made of it.
public struct MeaningDocument: Encodable, Sendable {
    private struct Pair: Encodable {
        let identifier: String
        let value: String
        var format: String?
        var kind: String?
        var form: String?
        var name: [String: String]?
    }

    private struct Digest: Encodable {
        let supplier: String
        let number: String
        let site: String
        let lines: Int
        let sha256: String
    }

    private struct Part: Encodable {
        let note: String
        let number: Int
        let count: Int
    }

    private var meaning: String?
    private var text: String?
    private var key: String?
    private var digest: Digest?
    private var signed: Bool?
    private var rule: String?
    private var supplier: String?
    private var number: String?
    private var found: [String: String]?
    private var lines: [[String: String]]?
    private var note: NoteContent?
    private var part: Part?
    private var tag: String?
    private var badge: String?
    private var bin: String?
    private var elements: [Pair]?
    private var fields: [Pair]?
    private var bracketed: String?
    private var unbracketed: String?
    private var elementString: String?
    private var digitalLink: String?
    private var valid: Bool?
    private var command: String?
    private var error: String?
    private var reason: String?
    private var position: Int?
    private var identifier: String?
    private var character: String?
    private var other: String?

    /// The document of what a text means.
    ///
    /// - Parameters:
    ///   - meaning: what the parser found.
    ///   - names: by language, the text with this key of the string tables.
    public init(
        _ meaning: ScanMeaning,
        names: (String) -> [String: String]? = { _ in nil }
    ) {
        switch meaning {
        case .signedNote(let signed):
            self.meaning = "note"
            key = signed.keyID.description
            note = signed.content
        case .noteDigest(let signed):
            self.meaning = "note_digest"
            key = signed.keyID.description
            digest = Digest(
                supplier: signed.supplier,
                number: signed.number,
                site: signed.site,
                lines: signed.lineCount,
                sha256: signed.digest.hexadecimal
            )
        case .notePart(let part):
            self.meaning = "note_part"
            self.part = Part(note: part.note, number: part.number, count: part.count)
        case .plate(let plate):
            self.meaning = "plate"
            tag = plate.tag
        case .gs1(let string):
            self = MeaningDocument(gs1: string)
        case .dataMessage(let message):
            self.meaning = "iso15434"
            fields = message.fields.map { field in
                let known = field.meaning
                return Pair(
                    identifier: field.identifier,
                    value: field.value,
                    format: field.format,
                    kind: known?.kind.rawValue,
                    form: known?.form,
                    name: known.flatMap { names($0.textKey) }
                )
            }
        case .worker(let badge):
            self.meaning = "worker"
            self.badge = badge
        case .bin(let bin):
            self.meaning = "bin"
            self.bin = bin
        case .command(let command):
            self.meaning = "command"
            self.command = String(command.text.dropFirst(CommandCode.prefix.count))
        case .supplierCode(let code):
            self.meaning = code.carrier == .note ? "supplier_note" : "supplier_label"
            signed = false
            rule = code.rule
            supplier = code.supplier.isEmpty ? nil : code.supplier
            number = code.number.isEmpty ? nil : code.number
            found = code.fields
            lines = code.lines.isEmpty ? nil : code.lines
        case .plain(let text):
            self.meaning = "plain"
            self.text = text
        }
    }

    /// The document of GS1 data.
    ///
    /// `unbracketed` is the text as GS1's own engine keeps it (a link stays a link),
    /// `elementString` the same for every form; `digitalLink` is the canonical one and missing
    /// where the data cannot stand in a link.
    private init(gs1 string: ElementString) {
        meaning = "gs1"
        valid = true
        elements = string.elements.map { Pair(identifier: $0.identifier, value: $0.value) }
        unbracketed = string.unbracketed
        guard !string.elements.isEmpty else { return }
        bracketed = string.bracketed
        elementString = string.elementText
        digitalLink = string.digitalLink
    }

    /// The document of why a text was not taken; with what was read of it all the same.
    public init(refusal: CodeRefusal) {
        error = refusal.code.text
        reason = refusal.plainText
        position = refusal.facts["position"].flatMap { Int($0) }
        identifier = refusal.facts["identifier"]
        guard case .gs1(_, let place) = refusal else { return }
        valid = false
        character = place.character.isEmpty ? nil : place.character
        other = place.other.isEmpty ? nil : place.other
        if !place.elements.isEmpty {
            elements = place.elements.map { Pair(identifier: $0.identifier, value: $0.value) }
        }
    }

    /// One line of UTF-8, keys sorted.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
