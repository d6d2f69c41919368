import Foundation
import Tally

/// How a kind of suppliers' own codes is read: a pattern, the keys of JSON or of `key=value` pairs,
/// or GS1 application identifiers.
///
/// Made when the program starts; what cannot work is refused then, not when a truck stands there.
public struct CodeRule: Hashable, Sendable {
    /// How the text is written.
    public enum Form: String, Hashable, Sendable, CaseIterable {
        /// A regular expression that matches the whole text; its named groups are the fields.
        case pattern
        /// A JSON object; a key within another is `outer.inner`.
        case json
        /// `key=value` or `key:value` with marks between, in braces or not.
        case pairs
        /// GS1 data, however written; the keys are application identifiers.
        case gs1
    }

    /// What a rule is made of, as its file has it.
    public struct Parts: Hashable, Sendable {
        public var name = ""
        public var carrier = SupplierCode.Carrier.note
        /// Whose codes they are; empty when the code itself says it in the field `supplier`.
        public var supplier = ""
        public var form = Form.pattern
        /// For ``Form/pattern``.
        public var pattern = ""
        /// Keys that the text must have, by the text's own names.
        public var wanted: [String] = []
        /// The characters between pairs, for ``Form/pairs``.
        public var between = ",;|&\n\u{1D}"
        /// By the key of the text: the name of the field, such as `number` or `material`.
        public var names: [String: String] = [:]
        /// What the code calls suppliers, and their codes here.
        public var suppliers: [String: String] = [:]
        /// The key under which JSON lists the goods; for a pattern, the regular expression of one
        /// line within its group `lines`.
        public var lines = ""
        /// ``names`` for the keys of a line; without any, ``names`` itself.
        public var lineNames: [String: String] = [:]
        /// Texts that the rule must read.
        public var examples: [String] = []

        public init() {}
    }

    /// A longer text is no code of a supplier.
    static let charactersMax = 20_000
    /// Patterns look at shorter texts only.
    static let patternCharactersMax = 1_024

    public let parts: Parts
    private let pattern: CodePattern?
    private let line: CodePattern?
    public var name: String { parts.name }

    /// A rule, from its parts.
    ///
    /// - Throws: ``CodeRefusal/badRule(_:name:read:)``.
    public init(_ parts: Parts) throws(CodeRefusal) {
        var parts = parts
        parts.supplier = NaturalKey.code(parts.supplier)
        parts.suppliers = parts.suppliers.mapValues(NaturalKey.code)
        self.parts = parts
        let isPattern = parts.form == .pattern
        pattern = isPattern ? try Self.pattern(parts.pattern, of: parts.name) : nil
        line =
            isPattern && !parts.lines.isEmpty
            ? try Self.pattern(parts.lines, of: parts.name) : nil
        if parts.form != .pattern, parts.wanted.isEmpty {
            throw .badRule(.nothingWanted, name: parts.name, read: "")
        }
        for example in parts.examples where read(example) == nil {
            throw .badRule(.exampleNotRead, name: parts.name, read: example)
        }
    }

    private static func pattern(
        _ source: String,
        of rule: String
    ) throws(CodeRefusal) -> CodePattern {
        do throws(CodePattern.Fault) {
            return try CodePattern(source)
        } catch {
            let fault = error == .tooLong ? CodeRuleFault.patternTooLong : .noPattern
            throw .badRule(fault, name: rule, read: source)
        }
    }

    // MARK: - Reading

    /// What the rule makes of a text; nil when the text is not of its kind.
    public func read(_ text: String) -> SupplierCode? {
        guard text.utf8.count <= Self.charactersMax else { return nil }
        switch parts.form {
        case .pattern: return matched(text)
        case .pairs: return pairs(text).flatMap { code($0, []) }
        case .json: return object(text)
        case .gs1:
            // Best effort: what is no GS1 data is not this rule's.
            return (try? GS1Parser.parse(text, isStrict: false)).flatMap(read)
        }
    }

    /// What the rule makes of GS1 data; nil when they are not of its kind.
    func read(_ elements: ElementString) -> SupplierCode? {
        guard parts.form == .gs1 else { return nil }
        let found = elements.elements.map { ($0.identifier, $0.value) }
        return code(Dictionary(found) { first, _ in first }, [])
    }

    private func code(_ found: [String: String], _ lines: [[String: String]]) -> SupplierCode? {
        guard parts.wanted.allSatisfy({ found[$0]?.isEmpty == false }) else { return nil }
        let fields = Self.named(found, parts.names)
        let number = NaturalKey.number(fields[SupplierCode.Field.number] ?? "")
        guard parts.carrier == .label || !number.isEmpty else { return nil }
        let said = fields[SupplierCode.Field.supplier] ?? ""
        let supplier = parts.suppliers[said] ?? NaturalKey.code(said)
        let lineNames = parts.lineNames.isEmpty ? parts.names : parts.lineNames
        return SupplierCode(
            rule: name,
            carrier: parts.carrier,
            supplier: parts.supplier.isEmpty ? supplier : parts.supplier,
            number: number,
            fields: fields,
            lines: lines.map { Self.named($0, lineNames) }
        )
    }

    /// Keys by the rule's names; where two keys have one name, that of the last in order counts.
    private static func named(
        _ found: [String: String],
        _ names: [String: String]
    ) -> [String: String] {
        var fields: [String: String] = [:]
        for (key, value) in found.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            fields[names[key] ?? key] = value
        }
        return fields
    }

    // MARK: - Forms

    private func matched(_ text: String) -> SupplierCode? {
        guard text.utf8.count <= Self.patternCharactersMax,
            let found = pattern?.whole(text)
        else { return nil }
        guard let line else { return code(found, []) }
        let lines = line.each(found["lines"] ?? "")
        return code(found.filter { $0.key != "lines" }, lines)
    }

    private func pairs(_ text: String) -> [String: String]? {
        let body = text.trimmingCharacters(in: ["{", "}", " ", "\r", "\n"])
        let marks = Set(parts.between.unicodeScalars)
        var found: [String: String] = [:]
        for pair in body.unicodeScalars.split(whereSeparator: marks.contains) {
            guard let cut = pair.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
            let key = String(pair[..<cut]).trimmingCharacters(in: Self.quotes)
            guard !key.isEmpty else { return nil }
            let value = String(pair[pair.index(after: cut)...])
            found[key] = value.trimmingCharacters(in: Self.quotes)
        }
        return found.isEmpty ? nil : found
    }

    private static let quotes = CharacterSet(charactersIn: " \"'\t")

    private func object(_ text: String) -> SupplierCode? {
        guard text.first == "{",
            let value = try? JSONDecoder().decode(CodeValue.self, from: Data(text.utf8)),
            case .object = value
        else { return nil }
        let list = parts.lines.isEmpty ? [] : value.items(at: parts.lines)
        return code(value.texts, list.map(\.texts))
    }
}
