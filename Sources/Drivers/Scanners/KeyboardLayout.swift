/// What the keys of a keyboard stand for: the layouts that scanners are commonly set to.
///
/// A scanner that types sends places of keys. It chose them for the layout it is set to; read by
/// another, `z` becomes `y` and `"` becomes `@`.
public enum KeyboardLayout: String, Hashable, Sendable, Codable, CaseIterable {
    case us, uk, german, french

    /// A key without other keys, with Shift, and with the right Alt key.
    struct Caps: Hashable, Sendable {
        var plain: Character?
        var shifted: Character?
        var alternate: Character?
    }

    /// Key codes of `linux/input-event-codes.h`, in the order of the rows below.
    private static let places: [[UInt16]] = [
        [41] + Array(2...13),
        Array(16...27),
        Array(30...40) + [43],
        [86] + Array(44...53),
    ]

    /// Plain and shifted, a row each; then the right Alt key, by key code.
    private var rows: (plain: [String], shifted: [String], alternate: [UInt16: Character]) {
        switch self {
        case .us:
            (
                ["`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", "<zxcvbnm,./"],
                ["~!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"|", ">ZXCVBNM<>?"],
                [:]
            )
        case .uk:
            (
                ["`1234567890-=", "qwertyuiop[]", "asdfghjkl;'#", "\\zxcvbnm,./"],
                ["¬!\"£$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:@~", "|ZXCVBNM<>?"],
                [41: "¦", 5: "€"]
            )
        case .german:
            (
                ["^1234567890ß´", "qwertzuiopü+", "asdfghjklöä#", "<yxcvbnm,.-"],
                ["°!\"§$%&/()=?`", "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", ">YXCVBNM;:_"],
                [
                    3: "²", 4: "³", 8: "{", 9: "[", 10: "]", 11: "}", 12: "\\", 16: "@", 18: "€",
                    27: "~", 50: "µ", 86: "|",
                ]
            )
        case .french:
            (
                ["²&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù*", "<wxcvbn,;:!"],
                ["~1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%µ", ">WXCVBN?./§"],
                [
                    3: "~", 4: "#", 5: "{", 6: "[", 7: "|", 8: "`", 9: "\\", 10: "^", 11: "@",
                    12: "]", 13: "}", 18: "€", 27: "¤",
                ]
            )
        }
    }

    /// Keys that wait for the next letter to put a mark on it; followed by a space they stand for
    /// themselves.
    var waiting: Set<Character> {
        switch self {
        case .us, .uk: []
        case .german: ["^", "´", "`"]
        case .french: ["^", "¨"]
        }
    }

    /// Made once for each layout, since every key of every scan asks.
    private static let tables: [KeyboardLayout: [UInt16: Caps]] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0, $0.table()) }
    )

    private func table() -> [UInt16: Caps] {
        let (plain, shifted, alternate) = rows
        var table: [UInt16: Caps] = [57: Caps(plain: " ", shifted: " ", alternate: " ")]
        for (row, codes) in Self.places.enumerated() {
            for (code, caps) in zip(codes, zip(plain[row], shifted[row])) {
                table[code] = Caps(plain: caps.0, shifted: caps.1, alternate: alternate[code])
            }
        }
        // The number block; its Enter and the others that stand for no character are not here.
        for (code, character) in zip([71, 72, 73, 75, 76, 77, 79, 80, 81, 82], "7894561230") {
            table[UInt16(code)] = Caps(plain: character, shifted: character)
        }
        for (code, character) in zip([55, 74, 78, 83, 98], "*-+./") {
            table[UInt16(code)] = Caps(plain: character, shifted: character)
        }
        return table
    }

    /// What a key stands for; nil for keys that stand for none.
    package func character(_ code: UInt16, shift: Bool, alternate: Bool) -> Character? {
        guard let caps = Self.tables[self]?[code] else { return nil }
        if alternate { return caps.alternate }
        return shift ? caps.shifted : caps.plain
    }

    /// The key for a character, and what is held with it; nil where the layout has none.
    package func key(for character: Character) -> (code: UInt16, shift: Bool, alternate: Bool)? {
        let keys = Self.tables[self] ?? [:]
        for code in keys.keys.sorted() {
            if keys[code]?.plain == character { return (code, false, false) }
            if keys[code]?.shifted == character { return (code, true, false) }
            if keys[code]?.alternate == character { return (code, false, true) }
        }
        return nil
    }
}
