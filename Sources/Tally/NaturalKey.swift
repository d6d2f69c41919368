import Foundation

/// Puts the keys that people and papers give to things into one form.
///
/// NFKC (Unicode annex 15), white space trimmed and runs of it made one space; case is folded
/// where the standard or the shop floor treats it as nothing. `TallyTests/NaturalKeyTests` has the
/// table of pairs that must and must not meet.
public enum NaturalKey {
    /// A delivery-note, order or lot number: case stands, since papers do tell "a1" from "A1".
    public static func number(_ text: String) -> String {
        if isPlain(text) { return text }
        // Foundation maps one grapheme at a time and leaves apart what only then belongs together
        // (half-width "ﾃ" and "ﾞ"); composing once more joins it.
        return text.precomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
            .unicodeScalars
            .split(whereSeparator: \.properties.isWhitespace)
            .map(String.init)
            .joined(separator: " ")
    }

    /// An equipment tag, bin, worker badge, supplier or material code: case is folded.
    public static func code(_ text: String) -> String {
        // Capitals of some letters come apart ("ΐ"), so the form is made once more.
        if isPlain(text), !text.utf8.contains(where: { (0x61...0x7A).contains($0) }) {
            return text
        }
        return number(number(text).uppercased())
    }

    /// Whether there is nothing to do: visible ASCII, as nearly every key is, without spaces.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
