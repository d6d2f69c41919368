/// A key that went down, with what was held then.
///
/// Codes are those of `linux/input-event-codes.h`, which browsers' `KeyboardEvent.code` maps to.
public struct KeyStroke: Hashable, Sendable, Codable {
    public var code: UInt16
    public var shift: Bool
    public var control: Bool
    public var alt: Bool
    /// The right Alt key, which gives third characters.
    public var alternate: Bool

    public init(
        code: UInt16,
        shift: Bool = false,
        control: Bool = false,
        alt: Bool = false,
        alternate: Bool = false
    ) {
        self.code = code
        self.shift = shift
        self.control = control
        self.alt = alt
        self.alternate = alternate
    }

    static let enter: UInt16 = 28
    static let keypadEnter: UInt16 = 96
    static let tab: UInt16 = 15
    static let f8: UInt16 = 66
    static let capsLock: UInt16 = 58
    static let rightBrace: UInt16 = 27

    /// The digit of a key of the number block; nil for every other key.
    var keypadDigit: Int? {
        let digits: [UInt16: Int] = [
            82: 0, 79: 1, 80: 2, 81: 3, 75: 4, 76: 5, 77: 6, 71: 7, 72: 8, 73: 9,
        ]
        return digits[code]
    }

    /// What a key gives while Control is held, as terminals have it (ECMA-48's C0); nil for none.
    var controlCharacter: UInt8? {
        switch code {
        case 26: return 0x1B
        case 43: return 0x1C
        case Self.rightBrace: return 0x1D
        case 7: return 0x1E
        case 12: return 0x1F
        default:
            let letter = KeyboardLayout.us.character(code, shift: false, alternate: false)
            guard let byte = letter?.asciiValue, (97...122).contains(byte) else { return nil }
            return byte & 0x1F
        }
    }
}

/// Turns key strokes into the bytes that the scanner meant.
///
/// Letters become UTF-8. What was typed as a number with Alt held is a byte up to 255, since
/// scanners send the bytes of a code one by one so; above, a GB 18030 pair where the format says
/// so, else a Unicode scalar.
struct KeyTyping: Sendable {
    let format: ScanFormat
    private(set) var bytes: [UInt8] = []
    private var waiting: Character?
    private var isCapsLocked = false

    init(_ format: ScanFormat) { self.format = format }

    /// Hands over what was typed since the last time.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// Forgets what was typed, and keeps Caps Lock.
    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        waiting = nil
    }

    mutating func type(_ stroke: KeyStroke) {
        switch stroke.code {
        case KeyStroke.enter, KeyStroke.keypadEnter: return put("\r")
        case KeyStroke.tab: return put("\t")
        case KeyStroke.capsLock: return isCapsLocked.toggle()
        case KeyStroke.f8 where format.gsKeys.contains(.f8): return put("\u{1D}")
        default: break
        }
        if stroke.control, !stroke.alternate {
            guard let control = stroke.controlCharacter,
                control != 0x1D || format.gsKeys.contains(.controlBracket)
            else { return }
            flushWaiting()
            bytes.append(control)
            return
        }
        guard !stroke.alt,
            var character = format.keyboard.character(
                stroke.code,
                shift: stroke.shift,
                alternate: stroke.alternate
            )
        else { return }
        if isCapsLocked, character.isLetter { character = Self.swapped(character) }
        if let mark = waiting {
            waiting = nil
            put(mark)
            if character == " " { return }
        }
        if format.keyboard.waiting.contains(character) {
            waiting = character
        } else {
            put(character)
        }
    }

    /// A number that was typed with Alt held.
    mutating func type(number: Int, digits: Int) {
        if number == 0x1D, !format.gsKeys.contains(.alt029) { return }
        flushWaiting()
        switch number {
        case 0...255:
            bytes.append(UInt8(number))
        case 256...0xFFFF where format.charset == .gb18030:
            bytes += [UInt8(number >> 8), UInt8(number & 0xFF)]
        default:
            if let scalar = Unicode.Scalar(UInt32(clamping: number)) { put(Character(scalar)) }
        }
    }

    private mutating func flushWaiting() {
        if let mark = waiting {
            waiting = nil
            put(mark)
        }
    }

    private mutating func put(_ character: Character) {
        if waiting != nil { flushWaiting() }
        bytes += Array(String(character).utf8)
    }

    static func swapped(_ character: Character) -> Character {
        let other = character.isUppercase ? character.lowercased() : character.uppercased()
        return other.count == 1 ? Character(other) : character
    }
}
