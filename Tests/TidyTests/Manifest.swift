/// What `Package.swift` says about targets, read from its text.
///
/// It reads the forms that the manifest uses: `room(…)`, `tests(…)`, `.target`, `.executableTarget`
/// and `.testTarget` with a list of dependencies made of names, `.product(name: …)`, and constants
/// of the manifest. Anything else is `unread`, so that no dependency slips by.
struct Manifest {
    struct Target: Equatable {
        let name: String
        let isTest: Bool
        let dependencies: Set<String>
    }

    private(set) var targets: [Target] = []
    private(set) var unread: [String] = []
    private var constants: [String: Set<String>] = [:]

    init(text: String) {
        let source = text.split(separator: "\n").filter { line in
            !line.drop(while: \.isWhitespace).hasPrefix("//")
        }.joined(separator: "\n")
        let start = source.firstRange(of: "let package = Package(")?.lowerBound ?? source.startIndex
        readConstants("\n" + source[..<start])
        let body = source[start...]
        for (opening, isTest) in [
            (".target(", false), (".executableTarget(", false), ("room(", false),
            ("tests(", true), (".testTarget(", true),
        ] {
            for call in Self.calls(opening, in: body) { readTarget(call, isTest: isTest) }
        }
    }

    /// The insides of every call that opens like this, brackets balanced.
    private static func calls(_ opening: String, in text: Substring) -> [Substring] {
        var calls: [Substring] = []
        var rest = text
        while let found = rest.firstRange(of: opening) {
            let inside = rest[found.upperBound...]
            let call = inside.prefix(upTo: closing(of: inside))
            calls.append(call)
            rest = rest[call.endIndex...]
        }
        return calls
    }

    /// Where the bracket closes that was open before this text.
    private static func closing(of text: Substring) -> Substring.Index {
        var depth = 0
        for index in text.indices {
            if "([".contains(text[index]) { depth += 1 }
            if ")]".contains(text[index]) { depth -= 1 }
            if depth < 0 { return index }
        }
        return text.endIndex
    }

    private mutating func readConstants(_ text: String) {
        for part in text.split(separator: "\nlet ", omittingEmptySubsequences: false).dropFirst() {
            guard let colon = part.firstIndex(of: ":"), let equals = part.firstIndex(of: "="),
                part[colon..<equals].contains("Target.Dependency")
            else { continue }
            let value = part[part.index(after: equals)...]
            let end = value.firstIndex(where: { "([".contains($0) }).map { open in
                Self.closing(of: value[value.index(after: open)...])
            }
            constants[String(part[..<colon])] = names(in: value[..<(end ?? value.endIndex)])
        }
    }

    private mutating func readTarget(_ call: Substring, isTest: Bool) {
        let literals = call.split(separator: "\"", omittingEmptySubsequences: false)
        // Module maps and shims over C libraries are no rooms.
        guard literals.count > 2, !call.contains("path: \"Sources/C/") else { return }
        var list = Substring()
        if let start = call.firstIndex(of: "[") {
            let inside = call[call.index(after: start)...]
            // The first list is the dependencies; a call may have none before its other lists.
            let label = call[..<start].split(separator: ",").last ?? ""
            if !label.contains(":") || label.contains("dependencies:") {
                list = inside[..<Self.closing(of: inside)]
            }
            let before = label.split(separator: ":").last ?? ""
            if before.contains("+") { list = before + "," + list }
        }
        let dependencies = names(in: list)
        targets.append(
            Target(
                name: String(literals[1]),
                isTest: isTest || call.contains("path: \"Tests/"),
                dependencies: dependencies
            )
        )
    }

    /// Names of modules in a list of dependencies.
    private mutating func names(in list: Substring) -> Set<String> {
        var names: Set<String> = []
        var rest = list
        while let product = rest.firstRange(of: ".product(") {
            let inside = rest[product.upperBound...]
            let end = Self.closing(of: inside)
            let literals = inside[..<end].split(separator: "\"", omittingEmptySubsequences: false)
            if literals.count > 1 { names.insert(String(literals[1])) }
            let after = end < rest.endIndex ? rest[rest.index(after: end)...] : ""
            rest = rest[..<product.lowerBound] + "," + after
        }
        let separators: Set<Character> = [",", "+", "[", "]"]
        for item in rest.split(whereSeparator: { separators.contains($0) || $0.isWhitespace }) {
            if item.hasPrefix("\"") {
                names.insert(item.trimmingPrefix("\"").split(separator: "\"").joined())
            } else if let constant = constants[String(item)] {
                names.formUnion(constant)
            } else {
                unread.append(String(item))
            }
        }
        return names
    }
}
