import Forms
import Yams

/// The tree of a YAML or JSON file, and the line on which each place of it begins.
public struct DefinitionTree: Sendable {
    /// More places than this are refused: a few lines of aliases can stand for billions.
    static let nodeCountMax = 1_000_000
    static let depthMax = 64

    public let node: FormNode
    /// By path in the form of `FormNodeReader`, such as `questions[2].limits.low`.
    private let lines: [String: Int]

    /// Reads a file, in UTF-8 or GB 18030.
    ///
    /// - Parameters:
    ///   - name: the file's name; `.json` is read as JSON, anything else as YAML.
    ///   - bytes: its content.
    /// - Throws: ``ImportRefusal`` with the line of what is wrong.
    public init(name: String, bytes: [UInt8]) throws(ImportRefusal) {
        guard let text = FileText.text(of: bytes) else { throw .notText(file: name) }
        try self.init(
            text: name.lowercased().hasSuffix(".json") ? Self.joiningSurrogates(in: text) : text,
            name: name
        )
    }

    package init(text: String, name: String) throws(ImportRefusal) {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch {
            throw Self.refusal(error)
        }
        guard let root else { throw .empty(file: name) }
        var reader = Reader()
        node = try reader.node(root, path: "", depth: 0)
        lines = reader.lines
    }

    /// The line of a path, from 1; of the nearest place above it that the file has.
    public func line(of path: String) -> Int {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = String(path[..<cut])
        }
        return lines[""] ?? 1
    }

    private struct Reader {
        var lines: [String: Int] = [:]
        var count = 0

        mutating func node(
            _ node: Node,
            path: String,
            depth: Int
        ) throws(ImportRefusal) -> FormNode {
            count += 1
            let line = node.mark?.line ?? 1
            guard count <= nodeCountMax, depth <= depthMax else {
                throw .malformed(line: line, detail: "too many or too deep")
            }
            lines[path] = line
            switch node {
            case .scalar(let scalar):
                return scalar.style == .plain ? Self.plain(scalar.string) : .text(scalar.string)
            case .sequence(let sequence):
                var list: [FormNode] = []
                for (index, item) in sequence.enumerated() {
                    list.append(
                        try self.node(item, path: "\(path)[\(index)]", depth: depth + 1)
                    )
                }
                return .list(list)
            case .mapping(let mapping):
                var map: [String: FormNode] = [:]
                for (key, value) in mapping {
                    guard case .scalar(let name) = key else {
                        throw .wrongShape(line: key.mark?.line ?? line, expected: "text")
                    }
                    map[name.string] = try self.node(
                        value,
                        path: path.isEmpty ? name.string : "\(path).\(name.string)",
                        depth: depth + 1
                    )
                }
                return .map(map)
            case .alias:
                throw .malformed(line: line, detail: "unknown anchor")
            }
        }

        /// What an unquoted word is in YAML 1.2's core schema, so that `no` stays a word.
        private static func plain(_ text: String) -> FormNode {
            switch text {
            case "true", "True", "TRUE": return .bool(true)
            case "false", "False", "FALSE": return .bool(false)
            case "null", "Null", "NULL", "~": return .text("")
            default: return isNumber(text) ? .number(text) : .text(text)
            }
        }

        private static func isNumber(_ text: String) -> Bool {
            let digits =
                text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
            let parts = digits.split(
                separator: UInt8(ascii: "."),
                omittingEmptySubsequences: false
            )
            return (1...2).contains(parts.count)
                && parts.allSatisfy { part in
                    !part.isEmpty && part.allSatisfy { (48...57).contains($0) }
                }
        }
    }

    /// JSON writes characters past U+FFFF as two escapes; YAML has one of eight digits for them.
    package static func joiningSurrogates(in text: String) -> String {
        let bytes = Array(text.utf8)
        var joined: [UInt8] = []
        joined.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                joined.append(bytes[index])
                index += 1
                continue
            }
            if let high = unit(bytes, index), (0xD800...0xDBFF).contains(high),
                let low = unit(bytes, index + 6), (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            {
                joined.append(contentsOf: String(scalar).utf8)
                index += 12
            } else {
                joined.append(contentsOf: bytes[index...index + 1])
                index += 2
            }
        }
        return String(decoding: joined, as: UTF8.self)
    }

    /// The number of a `\uXXXX` that begins at `index`.
    private static func unit(_ bytes: [UInt8], _ index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        return UInt32(String(decoding: bytes[index + 2..<index + 6], as: UTF8.self), radix: 16)
    }

    private static func refusal(_ error: any Error) -> ImportRefusal {
        guard let error = error as? YamlError else {
            return .malformed(line: 1, detail: String(describing: error))
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return .malformed(line: mark.line, detail: problem)
        case .reader(let problem, _, _, _):
            return .malformed(line: 1, detail: problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            return .malformed(
                line: context.mark.line,
                detail: "repeated key: \(duplicates.sorted().joined(separator: ", "))"
            )
        default:
            return .malformed(line: 1, detail: String(describing: error))
        }
    }
}
