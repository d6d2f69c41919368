/// Checks a file against one of the published schemas of `Devices`.
///
/// Knows the part of JSON Schema 2020-12 that these schemas use, and refuses a schema that uses
/// more, so that no rule is passed over.
public struct ProfileSchema: Sendable {
    private static let known: Set<String> = [
        "$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties",
        "required", "additionalProperties", "enum", "pattern", "items", "minItems", "maxItems",
        "minimum", "maximum", "minLength", "maxLength", "uniqueItems",
    ]

    private let root: ProfileTree
    private let file: String

    /// Reads a schema.
    ///
    /// - Throws: ``ProfileRefusal`` when it is no JSON or uses what is not known here.
    public init(text: String, file: String) throws(ProfileRefusal) {
        root = try ProfileTree(text: text, file: file)
        self.file = file
        try refuseUnknown(root)
    }

    private func refuseUnknown(_ schema: ProfileTree) throws(ProfileRefusal) {
        for (key, value) in schema.map {
            guard Self.known.contains(key) else {
                throw .broken(file: file, line: value.line, place: key, rule: "known keyword")
            }
            if key == "properties" || key == "$defs" {
                for (_, inner) in value.map { try refuseUnknown(inner) }
            } else if key == "items" {
                try refuseUnknown(value)
            }
        }
    }

    /// Holds a tree against the schema.
    ///
    /// - Throws: ``ProfileRefusal/broken(file:line:place:rule:)`` for the first fault.
    func check(_ tree: ProfileTree, file: String) throws(ProfileRefusal) {
        try check(tree, root, "", file)
    }

    /// Holds a file's text against the schema.
    ///
    /// - Throws: ``ProfileRefusal`` for the first fault.
    public func check(text: String, file: String) throws(ProfileRefusal) {
        try check(try ProfileTree(text: text, file: file), file: file)
    }

    private func check(
        _ tree: ProfileTree,
        _ schema: ProfileTree,
        _ place: String,
        _ file: String
    ) throws(ProfileRefusal) {
        func refuse(_ rule: String) -> ProfileRefusal {
            .broken(file: file, line: tree.line, place: place.isEmpty ? "/" : place, rule: rule)
        }
        if let name = schema["$ref"]?.text {
            guard let target = definition(name) else { throw refuse("$ref \(name)") }
            return try check(tree, target, place, file)
        }
        if let type = schema["type"] {
            let names = type.text.map { [$0] } ?? type.list.compactMap(\.text)
            guard !tree.typeNames.isDisjoint(with: names) else {
                throw refuse(names.joined(separator: " | "))
            }
        }
        if let fault = Self.scalarFault(tree, schema) { throw refuse(fault) }
        if case .map(let entries) = tree.value {
            try checkMap(entries, schema, place, refuse, file)
        }
        if case .list(let entries) = tree.value {
            if let least = schema["minItems"]?.whole, entries.count < least {
                throw refuse("at least \(least) entries")
            }
            if let most = schema["maxItems"]?.whole, entries.count > most {
                throw refuse("at most \(most) entries")
            }
            if schema["uniqueItems"] != nil {
                let texts = entries.compactMap(\.text)
                guard Set(texts).count == texts.count else { throw refuse("no entry twice") }
            }
            guard let items = schema["items"] else { return }
            for (index, entry) in entries.enumerated() {
                try check(entry, items, "\(place)/\(index)", file)
            }
        }
    }

    private func checkMap(
        _ entries: [(key: String, value: ProfileTree)],
        _ schema: ProfileTree,
        _ place: String,
        _ refuse: (String) -> ProfileRefusal,
        _ file: String
    ) throws(ProfileRefusal) {
        for name in schema["required"]?.list.compactMap(\.text) ?? []
        where !entries.contains(where: { $0.key == name }) {
            throw refuse("\(name) is required")
        }
        for (key, value) in entries {
            if let inner = schema["properties"]?[key] {
                try check(value, inner, "\(place)/\(key)", file)
            } else if case .bool(false) = schema["additionalProperties"]?.value {
                throw .broken(
                    file: file,
                    line: value.line,
                    place: "\(place)/\(key)",
                    rule: "a known key: "
                        + (schema["properties"]?.map.map(\.key).joined(separator: ", ") ?? "")
                )
            }
        }
    }

    /// What a text or number breaks; nil when it is as it should be.
    private static func scalarFault(_ tree: ProfileTree, _ schema: ProfileTree) -> String? {
        if let allowed = schema["enum"]?.list {
            let isAllowed = allowed.contains { $0.text == tree.text && $0.number == tree.number }
            if !isAllowed {
                let names = allowed.map { $0.text ?? $0.number.map { "\(Int($0))" } ?? "" }
                return "one of " + names.joined(separator: ", ")
            }
        }
        if let text = tree.text {
            let count = text.unicodeScalars.count
            if let least = schema["minLength"]?.whole, count < least { return "not empty" }
            if let most = schema["maxLength"]?.whole, count > most { return "at most \(most) long" }
            if let pattern = schema["pattern"]?.text, !matches(text, pattern) {
                return "pattern \(pattern)"
            }
        }
        if let number = tree.number {
            if let least = schema["minimum"]?.number, number < least {
                return "at least \(Int(least))"
            }
            if let most = schema["maximum"]?.number, number > most { return "at most \(Int(most))" }
        }
        return nil
    }

    /// A pattern that is no regular expression fits nothing.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return text.contains(regex)
    }

    private func definition(_ reference: String) -> ProfileTree? {
        reference.split(separator: "/").dropFirst().reduce(root) { tree, key in tree?[String(key)] }
    }
}
