/// The names that browsers give to the places of keys (W3C UI Events KeyboardEvent code Values),
/// and Linux's numbers for them.
public enum PageKeys {
    private static let codes: [String: UInt16] = {
        var codes: [String: UInt16] = [
            "Minus": 12, "Equal": 13, "Tab": 15, "BracketLeft": 26, "BracketRight": 27,
            "Enter": 28, "Semicolon": 39, "Quote": 40, "Backquote": 41, "Backslash": 43,
            "Comma": 51, "Period": 52, "Slash": 53, "Space": 57, "CapsLock": 58, "F8": 66,
            "IntlBackslash": 86, "NumpadEnter": 96, "NumpadMultiply": 55, "NumpadSubtract": 74,
            "NumpadAdd": 78, "NumpadDecimal": 83, "NumpadDivide": 98,
        ]
        for (index, digit) in "1234567890".enumerated() {
            codes["Digit\(digit)"] = UInt16(2 + index)
        }
        for (first, row) in [(16, "QWERTYUIOP"), (30, "ASDFGHJKL"), (44, "ZXCVBNM")] {
            for (index, letter) in row.enumerated() {
                codes["Key\(letter)"] = UInt16(first + index)
            }
        }
        for (code, digit) in zip([82, 79, 80, 81, 75, 76, 77, 71, 72, 73], 0...9) {
            codes["Numpad\(digit)"] = UInt16(code)
        }
        return codes
    }()

    /// Linux's number for a place; nil for one that no scanner uses.
    public static func code(_ name: String) -> UInt16? { codes[name] }

    /// What the keys of a layout stand for, by the browsers' names: plain, with Shift, with the
    /// right Alt key; empty for none.
    public static func table(of layout: KeyboardLayout) -> [String: [String]] {
        var table: [String: [String]] = [:]
        for (name, code) in codes {
            let characters = [(false, false), (true, false), (false, true)].map {
                shift,
                alternate in
                layout.character(code, shift: shift, alternate: alternate).map(String.init) ?? ""
            }
            if characters != ["", "", ""] { table[name] = characters }
        }
        return table
    }

    /// What the browser made of a key, as text: its character, or the control that it stands for.
    ///
    /// - Parameters:
    ///   - key: `KeyboardEvent.key`.
    ///   - stroke: the same key by its place.
    /// - Returns: empty for keys that stand for nothing.
    public static func text(of key: String, _ stroke: KeyStroke?) -> String {
        if key == "Enter" { return "\r" }
        if key == "Tab" { return "\t" }
        if key == "F8" { return "\u{1D}" }
        if let stroke, stroke.control, !stroke.alternate {
            return stroke.controlCharacter.map { String(Unicode.Scalar($0)) } ?? ""
        }
        return key.unicodeScalars.count == 1 ? key : ""
    }
}
