import Tally

/// Regular expressions of rules.
enum CodePattern {
    /// The named groups of a pattern that matches the whole text; nil when it does not.
    ///
    /// A link's percent escapes are undone.
    static func whole(_ pattern: String, _ text: String) -> [String: String]? {
        // Best effort: the pattern was tried when its rule was made.
        guard let match = try? Regex(pattern).wholeMatch(in: text) else { return nil }
        return groups(match.output)
    }

    /// The named groups of each place that the pattern fits.
    static func each(_ pattern: String, _ text: String) -> [[String: String]] {
        // Best effort, as above.
        guard let regex = try? Regex(pattern) else { return [] }
        return text.matches(of: regex).map { groups($0.output) }
    }

    private static func groups(_ output: AnyRegexOutput) -> [String: String] {
        var found: [String: String] = [:]
        for group in output {
            guard let name = group.name, let value = group.substring else { continue }
            let bytes = PercentEncoding.decode(value.utf8)
            found[name] = bytes.flatMap { String(validating: $0, as: UTF8.self) } ?? String(value)
        }
        return found
    }

    /// Whether a group that holds a repetition is itself repeated without an end, as in `(a+)+`.
    ///
    /// Such patterns can take longer than anybody waits. With an end they are taken: `(a+;){1,9}`.
    static func repeatsRepeats(_ pattern: String) -> Bool {
        var open: [Bool] = [false]
        var closed = false
        var isInClass = false
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            var repeats = false
            var isEndless = false
            switch scalar {
            case "\\": rest = rest.dropFirst()
            case "[": isInClass = true
            case "]": isInClass = false
            case _ where isInClass: break
            case "(": open.append(false)
            case ")":
                closed = open.popLast() ?? false
                if open.isEmpty { open = [false] }
                if closed { open[open.count - 1] = true }
                continue
            case "*", "+": (repeats, isEndless) = (true, true)
            case "{":
                let count = rest.prefix { $0 != "}" }
                (repeats, isEndless) = (count.contains(","), count.last == ",")
            default: break
            }
            if repeats {
                if closed, isEndless { return true }
                open[open.count - 1] = true
            }
            closed = false
        }
        return false
    }
}
