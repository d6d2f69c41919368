/// Texts as they may be printed: what cannot be seen and could spoil a label is taken out.
public enum PrintableText {
    /// More than this no box shows; a longer text is cut, in scalars.
    static let scalarCountMax = 2_000
    /// More marks than these on one letter are no writing.
    static let marksMax = 4

    /// The text on one line: controls become spaces, invisible direction marks go, marks are few.
    public static func clean(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        var marks = 0
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < scalarCountMax else { break }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator:
                clean.append(" ")
                marks = 0
            case .format where !isJoiner(scalar): continue
            case .unassigned, .privateUse, .surrogate:
                clean.append("\u{FFFD}")
                marks = 0
            case .nonspacingMark, .enclosingMark:
                marks += 1
                guard marks <= marksMax else { continue }
                clean.append(scalar)
            default:
                clean.append(scalar)
                marks = 0
            }
            count += 1
        }
        return String(clean)
    }

    /// Joiners belong to writing (Persian, Hindi) and to emoji; the other format characters turn or
    /// hide what follows (Unicode Standard Annex 9).
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
        (0x200C...0x200D).contains(scalar.value) || (0xE0020...0xE007F).contains(scalar.value)
    }
}
