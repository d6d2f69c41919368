import Tally

/// Which part of a note's text is not what the format says.
public enum NoteDefect: String, Equatable, Sendable {
    /// Characters outside base45, or a group that stands for no bytes.
    case characters
    /// Shorter than header and signature.
    case cut
    /// The packed content does not unpack.
    case packing
    /// The unpacked content is no protobuf note.
    case message
    /// The content would unpack to more than the limit.
    case tooLarge
}

/// Why a delivery note was not made, not read or not believed.
public enum NoteRefusal: Refusal, Equatable {
    /// The text does not start like a note of ours.
    case notANote
    /// The note is in a format that this program does not know, likely a newer one.
    case unknownFormat(String)
    case malformed(NoteDefect)
    /// The file is no JSON at all.
    case notJSON
    /// A field that the JSON must have is not there; `field` is its path.
    case fieldMissing(field: String)
    /// A field is of another type than it must be, such as a number for a text.
    case fieldOfOtherType(field: String)
    /// A field of the content breaks its rule; `field` is its path.
    case invalid(field: String, value: String)
    /// The note needs more characters than one QR symbol holds.
    case tooLong(characters: Int, charactersMax: Int)
    /// The signature is not by the key that the note names: something was changed.
    case altered(keyID: KeyID)
    /// A part of a note is not what was printed, or not of the same note as the others.
    case partAltered(number: Int, count: Int)
    /// No supplier has this key.
    case unknownKey(keyID: KeyID)
    /// The key belongs to another supplier than the one that the note names.
    case otherSupplier(note: String, supplier: String, keySupplier: String)
    /// The note was issued when its key was not yet, or no longer, valid.
    case keyExpired(note: String, supplier: String)
    case keyRevoked(note: String, supplier: String)
    /// The note itself says that it is no longer good.
    case expired(note: String, supplier: String, since: Moment)
    /// The seed to sign with does not have 32 bytes.
    case badSigningKey

    public var code: ProblemCode {
        switch self {
        case .notANote: "codes.not_a_note"
        case .unknownFormat: "codes.note_format_unknown"
        case .malformed: "codes.note_malformed"
        case .notJSON: "codes.not_json"
        case .fieldMissing: "codes.json_field_missing"
        case .fieldOfOtherType: "codes.json_field_type_bad"
        case .invalid: "codes.note_invalid"
        case .tooLong: "codes.note_too_long"
        case .altered: "codes.note_altered"
        case .partAltered: "codes.note_part_altered"
        case .unknownKey: "codes.note_key_unknown"
        case .otherSupplier: "codes.note_key_of_other_supplier"
        case .keyExpired: "codes.note_key_expired"
        case .keyRevoked: "codes.note_key_revoked"
        case .expired: "codes.note_expired"
        case .badSigningKey: "codes.signing_key_bad"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .notANote, .notJSON, .badSigningKey: [:]
        case .unknownFormat(let format): ["format": format]
        case .malformed(let defect): ["defect": defect.rawValue]
        case .fieldMissing(let field), .fieldOfOtherType(let field): ["field": field]
        case .invalid(let field, let value): ["field": field, "value": value]
        case .tooLong(let characters, let charactersMax):
            ["characters": String(characters), "charactersMax": String(charactersMax)]
        case .altered(let keyID), .unknownKey(let keyID): ["key": keyID.description]
        case .partAltered(let number, let count):
            ["number": String(number), "count": String(count)]
        case .otherSupplier(let note, let supplier, let keySupplier):
            ["note": note, "supplier": supplier, "keySupplier": keySupplier]
        case .keyExpired(let note, let supplier), .keyRevoked(let note, let supplier):
            ["note": note, "supplier": supplier]
        case .expired(let note, let supplier, let since):
            ["note": note, "supplier": supplier, "since": since.description]
        }
    }
}
