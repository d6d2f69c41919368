import Yams

/// The content of a YAML file as JSON Schema sees it, with the lines at which things stand.
struct ProfileTree: Sendable {
    enum Value: Sendable {
        case null
        case bool(Bool)
        case number(Double, isWhole: Bool)
        case text(String)
        case list([ProfileTree])
        /// Keys are unique: YAML refuses others.
        case map([(key: String, value: ProfileTree)])
    }

    let value: Value
    /// From 1.
    let line: Int

    /// Reads YAML, which JSON is a part of.
    ///
    /// - Throws: ``ProfileRefusal/notYAML(file:line:detail:)``.
    init(text: String, file: String) throws(ProfileRefusal) {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw .notYAML(file: file, line: Self.line(of: error), detail: "\(error)")
        } catch {
            throw .notYAML(file: file, line: 1, detail: "\(error)")
        }
        guard let node else { throw .notYAML(file: file, line: 1, detail: "the file is empty") }
        self.init(node)
    }

    private init(_ node: Node) {
        line = node.mark?.line ?? 1
        switch node {
        case .mapping(let mapping):
            value = .map(mapping.map { (key: $0.key.string ?? "", value: ProfileTree($0.value)) })
        case .sequence(let sequence):
            value = .list(sequence.map(ProfileTree.init))
        case .scalar(let scalar):
            value = Self.scalar(scalar, node)
        case .alias:
            value = .null
        }
    }

    /// By the core schema of YAML 1.2: what is quoted is text.
    private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> Value {
        guard scalar.style == .plain else { return .text(scalar.string) }
        if node.null != nil { return .null }
        if let bool = node.bool { return .bool(bool) }
        if let whole = node.int { return .number(Double(whole), isWhole: true) }
        if let number = node.float { return .number(number, isWhole: false) }
        return .text(scalar.string)
    }

    private static func line(of error: YamlError) -> Int {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            mark.line
        default: 1
        }
    }

    /// The value of a key of a map; nil for anything else.
    subscript(key: String) -> ProfileTree? {
        guard case .map(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The text; nil for anything else.
    var text: String? {
        guard case .text(let text) = value else { return nil }
        return text
    }

    /// The entries of a list; none for anything else.
    var list: [ProfileTree] {
        guard case .list(let entries) = value else { return [] }
        return entries
    }

    /// The entries of a map; none for anything else.
    var map: [(key: String, value: ProfileTree)] {
        guard case .map(let entries) = value else { return [] }
        return entries
    }

    /// The whole number; nil for anything else.
    var whole: Int? {
        guard case .number(let number, true) = value else { return nil }
        return Int(number)
    }

    /// The number; nil for anything else.
    ///
    /// Never inlined: the optimiser of Swift 6.3.1 crashes on what becomes of two of these in one
    /// function.
    @inline(never)
    var number: Double? {
        guard case .number(let number, _) = value else { return nil }
        return number
    }

    /// The name of its type in JSON Schema.
    var typeNames: Set<String> {
        switch value {
        case .null: ["null"]
        case .bool: ["boolean"]
        case .number(_, let isWhole): isWhole ? ["number", "integer"] : ["number"]
        case .text: ["string"]
        case .list: ["array"]
        case .map: ["object"]
        }
    }
}
