/// A plain tree, as YAML and JSON files have it: what definitions are read from.
///
/// Files are read at the rim; this room sees only the tree, and names places in it by paths such as
/// `questions[2].limits.low`.
public indirect enum FormNode: Hashable, Sendable {
    case text(String)
    /// A number as it was written, so that no digit passes through floating point.
    case number(String)
    case bool(Bool)
    case list([FormNode])
    case map([String: FormNode])
}

/// A node and the path that leads to it; reads what should be there, or refuses naming the path.
public struct FormNodeReader: Sendable {
    public let node: FormNode
    /// Empty for the whole file.
    public let path: String

    public init(_ node: FormNode, path: String = "") {
        self.node = node
        self.path = path
    }

    // MARK: - Maps

    /// Refuses a map that has other keys than these: a misspelt key would silently do nothing.
    public func checkKeys(_ known: Set<String>) throws(FormRefusal) {
        let unknown = try map().keys.filter { !known.contains($0) }.sorted()
        if let key = unknown.first {
            throw refusal(.unknownKey, at: key, expected: known.sorted().joined(separator: ", "))
        }
    }

    /// The value of a key; nil where the key is missing.
    public func optional(_ key: String) throws(FormRefusal) -> FormNodeReader? {
        try map()[key].map { FormNodeReader($0, path: step(key)) }
    }

    /// The value of a key that must be there.
    public func required(_ key: String) throws(FormRefusal) -> FormNodeReader {
        guard let value = try optional(key) else { throw refusal(.missing, at: key) }
        return value
    }

    /// Keys and values, sorted by key.
    public func entries() throws(FormRefusal) -> [(key: String, value: FormNodeReader)] {
        try map().sorted { $0.key < $1.key }
            .map { ($0.key, FormNodeReader($0.value, path: step($0.key))) }
    }

    private func map() throws(FormRefusal) -> [String: FormNode] {
        guard case .map(let map) = node else { throw refusal(.wrongKind, expected: "map") }
        return map
    }

    // MARK: - Other nodes

    /// The items of a list, each with its own path.
    public func list() throws(FormRefusal) -> [FormNodeReader] {
        guard case .list(let list) = node else { throw refusal(.wrongKind, expected: "list") }
        return list.enumerated().map { FormNodeReader($1, path: "\(path)[\($0)]") }
    }

    /// A text that is not empty; a number is taken as it was written.
    public func text() throws(FormRefusal) -> String {
        switch node {
        case .text(let text) where !text.isEmpty: return text
        case .number(let digits): return digits
        default: throw refusal(.wrongKind, expected: "text")
        }
    }

    /// A yes or no, as `true`, `false`, `yes` or `no`.
    public func bool() throws(FormRefusal) -> Bool {
        switch node {
        case .bool(let value): return value
        case .text("yes"): return true
        case .text("no"): return false
        default: throw refusal(.wrongKind, expected: "yes, no")
        }
    }

    /// A whole number from 1 up.
    public func count() throws(FormRefusal) -> Int {
        guard let count = Int(try text()), (1...1_000_000).contains(count) else {
            throw refusal(.badNumber, expected: "1 … 1000000")
        }
        return count
    }

    /// A code in snake_case.
    public func name() throws(FormRefusal) -> String {
        let name = try text()
        guard name.isSnakeCase else { throw refusal(.badName, expected: "snake_case") }
        return name
    }

    /// A map from language to text.
    public func label() throws(FormRefusal) -> Label {
        var texts: [String: String] = [:]
        for (language, value) in try entries() { texts[language] = try value.text() }
        guard !texts.isEmpty else { throw refusal(.missing) }
        return Label(texts)
    }

    // MARK: - Refusals

    /// A refusal of what is here.
    public func refusal(
        _ fault: FormFault,
        at key: String = "",
        expected: String = ""
    )
        -> FormRefusal
    {
        .definition(
            fault,
            path: key.isEmpty ? path : step(key),
            read: key.isEmpty ? node.plainText : "",
            expected: expected
        )
    }

    private func step(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

extension FormNode {
    /// A leaf as it was written; the kind of anything else.
    var plainText: String {
        switch self {
        case .text(let text): text
        case .number(let digits): digits
        case .bool(let value): value ? "yes" : "no"
        case .list: "list"
        case .map: "map"
        }
    }
}

extension String {
    /// Whether this is a name of small letters, digits and `_`, that starts with a letter.
    var isSnakeCase: Bool {
        guard let first = utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else {
            return false
        }
        return utf8.count <= 64
            && utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
    }
}
