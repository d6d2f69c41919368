import Tally

/// A printed code that does what a button of the kiosk page does, so that the page can be worked
/// with a scanner alone.
///
/// `TM:C:<verb>` or `TM:C:<verb>:<value>`, in QR's alphanumeric set, which every keyboard-wedge
/// scanner types alike; case does not matter when read.
public enum CommandCode: Hashable, Sendable {
    case closeReceipt
    /// "My part of this receipt is done."
    case partDone
    /// The quantity that the delivery note states.
    case asNoted
    case undo
    case cancel
    case yes
    case no
    case ok
    case sign
    case home
    case receive
    case inspect
    case report
    case damage
    case shortage
    /// Goods that came without papers.
    case noPapers
    /// A lot that must not move, and that it may again.
    case hold
    case release
    /// "This machine has to stop."
    case stop
    /// 0 to 9,999,999.
    case quantity(Int)
    /// A choice of the page by its number, 1 to 99.
    case choice(Int)
    /// The code of an exception category, in the form of ``NaturalKey/code(_:)``.
    case category(String)
    case language(Language)

    /// The languages of the kiosk page.
    public enum Language: String, Hashable, Sendable, CaseIterable {
        case chinese = "zh-CN"
        case english = "en"
    }

    /// What a command code's text starts with.
    public static let prefix = "TM:C:"

    /// The commands without a value, each with its verb.
    public static let plain: [(verb: String, command: CommandCode)] = [
        ("CLOSE-RECEIPT", .closeReceipt), ("PART-DONE", .partDone), ("AS-NOTED", .asNoted),
        ("UNDO", .undo), ("CANCEL", .cancel), ("YES", .yes), ("NO", .no), ("OK", .ok),
        ("SIGN", .sign), ("HOME", .home), ("RECEIVE", .receive), ("INSPECT", .inspect),
        ("REPORT", .report), ("DAMAGE", .damage), ("SHORTAGE", .shortage), ("STOP", .stop),
        ("NO-PAPERS", .noPapers), ("HOLD", .hold), ("RELEASE", .release),
    ]

    private var verbAndValue: (verb: String, value: String?) {
        switch self {
        case .quantity(let count): return ("QTY", String(count))
        case .choice(let number): return ("CHOICE", String(number))
        case .category(let code): return ("CATEGORY", code)
        case .language(let language): return ("LANG", language.rawValue.uppercased())
        default:
            guard let known = Self.plain.first(where: { $0.command == self }) else {
                preconditionFailure("a command without a verb")
            }
            return (known.verb, nil)
        }
    }

    /// The text for the printed code.
    public var text: String {
        let (verb, value) = verbAndValue
        return Self.prefix + verb + (value.map { ":" + $0 } ?? "")
    }

    /// Reads the part of a text behind ``prefix``, in capitals.
    init(body: String) throws(CodeRefusal) {
        let parts = body.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let verb = String(parts[0])
        let value = parts.count == 2 ? String(parts[1]) : nil
        if let known = Self.plain.first(where: { $0.verb == verb }) {
            guard value == nil else { throw .badCommandValue(verb: verb, value: value ?? "") }
            self = known.command
            return
        }
        let command: CommandCode? =
            switch verb {
            case "QTY": Self.number(value, 0...9_999_999).map(CommandCode.quantity)
            case "CHOICE": Self.number(value, 1...99).map(CommandCode.choice)
            case "CATEGORY": value.flatMap(Self.code).map(CommandCode.category)
            case "LANG":
                Language.allCases.first { $0.rawValue.uppercased() == value }
                    .map(CommandCode.language)
            default: throw .unknownCommand(verb)
            }
        guard let command else { throw .badCommandValue(verb: verb, value: value ?? "") }
        self = command
    }

    private static func number(_ text: String?, _ range: ClosedRange<Int>) -> Int? {
        guard let text, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
            range.contains(number)
        else { return nil }
        return number
    }

    private static func code(_ text: String) -> String? {
        let code = NaturalKey.code(text)
        return code.isEmpty ? nil : code
    }
}

/// The code on a worker's badge: `TM:W:<badge>`.
public enum WorkerBadge {
    static let prefix = "TM:W:"

    /// The text for the badge's QR code.
    public static func text(badge: String) -> String { prefix + NaturalKey.code(badge) }
}

/// The code on a bin of the store: `TM:B:<bin>`.
public enum BinLabel {
    static let prefix = "TM:B:"

    /// The text for the bin's QR code.
    public static func text(bin: String) -> String { prefix + NaturalKey.code(bin) }
}
