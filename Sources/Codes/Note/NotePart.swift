import Tally

/// A part of a signed note that is too long for one symbol.
///
/// libzbar cannot join the symbols of QR's own structured append across pictures, so a part is a
/// text of its own, all in QR's alphanumeric set:
///
///     TMP1:<note>:<number>:<count>:<check>:<piece>
///
/// - note: the first 8 bytes of SHA-256 over the whole note's text, in hexadecimal;
/// - number and count: two digits each, from 01, at most 12;
/// - check: the first 4 bytes of SHA-256 over `tallyman/part/1`, all that stands before it, and the
///   piece, in hexadecimal.
///
/// The pieces joined in order are the note's text, `TMN1:…`, which is then held against its
/// signature like any other. The check finds a part that was misread; it proves nothing.
public struct NotePart: Hashable, Sendable {
    /// What a part's text starts with.
    public static let prefix = "TMP1:"
    /// The most parts that a note may have.
    public static let countMax = 12
    /// The characters of a symbol that reads well from a print of 50 mm at 203 dpi: version 18,
    /// level M (ISO/IEC 18004, table 7), four dots a module.
    public static let charactersMax = 816
    private static let purpose = "tallyman/part/1"
    private static let headCount = 40

    /// Names the whole note: 16 hexadecimal digits.
    public let note: String
    /// From 1 to ``count``.
    public let number: Int
    /// From 2 to ``countMax``.
    public let count: Int
    let piece: String

    /// Reads a part.
    ///
    /// - Throws: when the text is cut, altered, or no part of this format.
    init(_ text: String) throws(NoteRefusal) {
        guard text.hasPrefix(Self.prefix) else {
            throw .unknownFormat(String(text.prefix { $0 != ":" }.prefix(8)))
        }
        let fields = text.dropFirst(Self.prefix.count).split(
            separator: ":",
            maxSplits: 4,
            omittingEmptySubsequences: false
        ).map(String.init)
        guard fields.count == 5, fields[0].count == 16, fields[1].count == 2,
            fields[2].count == 2, let number = Int(fields[1]), let count = Int(fields[2]),
            (2...Self.countMax).contains(count), (1...count).contains(number), !fields[4].isEmpty
        else { throw .malformed(.cut) }
        let head = Self.head(fields[0], number, count)
        guard text == head + Self.check(head, fields[4]) + ":" + fields[4] else {
            throw .partAltered(number: number, count: count)
        }
        note = fields[0]
        self.number = number
        self.count = count
        piece = fields[4]
    }

    /// The texts for a note's symbols: the note itself where it fits one, else its parts.
    ///
    /// - Parameters:
    ///   - note: the text of a signed note.
    ///   - charactersMax: what a symbol may hold.
    /// - Returns: at most ``countMax`` texts of about the same length.
    /// - Throws: ``NoteRefusal/tooLong(characters:charactersMax:)`` when more are needed.
    public static func texts(
        of note: String,
        charactersMax: Int = charactersMax
    ) throws(NoteRefusal) -> [String] {
        let characters = Array(note.utf8)
        guard characters.count > charactersMax else { return [note] }
        let pieceMax = charactersMax - headCount
        let count = (characters.count + pieceMax - 1) / pieceMax
        guard count <= countMax else {
            throw .tooLong(characters: characters.count, charactersMax: pieceMax * countMax)
        }
        let id = name(of: note)
        return (1...count).map { number in
            let range =
                (characters.count * (number - 1) / count)..<(characters.count * number / count)
            let piece = String(decoding: characters[range], as: UTF8.self)
            let head = head(id, number, count)
            return head + check(head, piece) + ":" + piece
        }
    }

    static func name(of note: String) -> String {
        Array(ContentHash(of: Array(note.utf8)).bytes.prefix(8)).hexadecimal.uppercased()
    }

    private static func head(_ note: String, _ number: Int, _ count: Int) -> String {
        let digits: (Int) -> String = { $0 < 10 ? "0\($0)" : String($0) }
        return "\(prefix)\(note):\(digits(number)):\(digits(count)):"
    }

    private static func check(_ head: String, _ piece: String) -> String {
        let hash = ContentHash(of: Array((purpose + head + piece).utf8))
        return Array(hash.bytes.prefix(4)).hexadecimal.uppercased()
    }
}

/// The parts of one note, in whatever order they are scanned.
public struct NoteParts: Hashable, Sendable {
    /// The note that the parts belong to, as ``NotePart/note``.
    public let note: String
    /// How many there are in all.
    public let count: Int
    private var pieces: [Int: String] = [:]

    /// Begins with the part that was scanned first.
    public init(_ part: NotePart) {
        note = part.note
        count = part.count
        pieces[part.number] = part.piece
    }

    /// How many are there.
    public var haveCount: Int { pieces.count }

    /// The numbers of those that are missing, in order.
    public var missing: [Int] { (1...count).filter { pieces[$0] == nil } }

    /// Whether the part is of the same note.
    public func takes(_ part: NotePart) -> Bool { part.note == note && part.count == count }

    /// Adds a part; one that is there already changes nothing.
    ///
    /// - Throws: when the part is of another note, or says something else than the one that is
    ///   there.
    public mutating func add(_ part: NotePart) throws(NoteRefusal) {
        guard takes(part), pieces[part.number] == nil || pieces[part.number] == part.piece else {
            throw .partAltered(number: part.number, count: part.count)
        }
        pieces[part.number] = part.piece
    }

    /// The note's text when all parts are there; nil before.
    ///
    /// - Throws: when the parts do not make the note that they name.
    public func whole() throws(NoteRefusal) -> String? {
        guard missing.isEmpty else { return nil }
        let text = (1...count).compactMap { pieces[$0] }.joined()
        guard NotePart.name(of: text) == note else {
            throw .partAltered(number: count, count: count)
        }
        return text
    }
}
