import Imaging

/// What a code in a picture says to the terminal.
enum PictureCode {
    /// Its text, behind the AIM identifier (ISO/IEC 15424) that a scanner would send when the
    /// symbol says that it holds GS1 data.
    static func text(_ symbol: Symbol) -> String {
        guard symbol.isGS1 else { return symbol.text.text }
        return symbol.identifier + symbol.text.text
    }
}

/// Takes a code that a camera looks at once, however many pictures it is in.
///
/// A code is taken anew after it was out of sight for a while.
public struct CodeGate: Sendable {
    /// Out of sight for so long, a code counts as shown again.
    static let restMilliseconds: UInt64 = 1500
    /// Codes that are remembered; the longest unseen goes first.
    static let countMax = 64

    private var seen: [String: UInt64] = [:]

    public init() {}

    /// The codes of a picture that were not there before.
    public mutating func fresh(_ texts: [String], at now: UInt64) -> [String] {
        seen = seen.filter { now < $0.value + Self.restMilliseconds }
        var fresh: [String] = []
        for text in texts {
            if seen[text] == nil { fresh.append(text) }
            seen[text] = now
        }
        while seen.count > Self.countMax, let oldest = seen.min(by: { $0.value < $1.value }) {
            seen[oldest.key] = nil
        }
        return fresh
    }
}
