import Tally

/// Why a code that claims to be of a kind is not taken; positions count from 1.
public enum CodeRefusal: Refusal, Equatable {
    case note(NoteRefusal)
    case gs1(GS1Fault, GS1Place)
    case message(DataMessageFault, position: Int)
    /// A command code of a verb that this program does not have.
    case unknownCommand(String)
    case badCommandValue(verb: String, value: String)
    /// One of our codes that names nothing, or starts like ours and is of no known kind.
    case badOwnCode(String)
    /// An equipment tag that is empty, too long, or holds control characters.
    case badTag(String)
    /// A text that needs more symbols than a long one may span.
    case tooLong(characters: Int, charactersMax: Int)
    /// A line that was to be a JSON-escaped text and is not.
    case badEscape(String)
    /// The address for plates is not an http or https one.
    case badBase(String)
    /// A rule for suppliers' codes that cannot work; `read` is the part of it that is wrong.
    case badRule(CodeRuleFault, name: String, read: String)

    public var code: ProblemCode {
        switch self {
        case .note(let refusal): refusal.code
        case .gs1(let fault, _): ProblemCode("codes.gs1_" + fault.rawValue)
        case .message(let fault, _): ProblemCode("codes.message_" + fault.rawValue)
        case .unknownCommand: "codes.command_unknown"
        case .badCommandValue: "codes.command_value_bad"
        case .badOwnCode: "codes.own_code_bad"
        case .badTag: "codes.tag_bad"
        case .tooLong: "codes.text_too_long"
        case .badEscape: "codes.text_escape_bad"
        case .badBase: "codes.plate_address_bad"
        case .badRule(let fault, _, _): ProblemCode("codes.rule_" + fault.rawValue)
        }
    }

    public var facts: [String: String] {
        switch self {
        case .note(let refusal): refusal.facts
        case .gs1(_, let place):
            ["identifier": place.identifier, "position": String(place.position)].merging(
                ["character": place.character, "other": place.other].filter { !$1.isEmpty }
            ) { $1 }
        case .message(_, let position): ["position": String(position)]
        case .unknownCommand(let verb): ["verb": verb]
        case .badCommandValue(let verb, let value): ["verb": verb, "value": value]
        case .badOwnCode(let text), .badEscape(let text): ["text": text]
        case .badTag(let tag): ["tag": tag]
        case .tooLong(let characters, let charactersMax):
            ["characters": String(characters), "charactersMax": String(charactersMax)]
        case .badBase(let address): ["address": address]
        case .badRule(_, let name, let read): ["rule": name, "read": read]
        }
    }
}
