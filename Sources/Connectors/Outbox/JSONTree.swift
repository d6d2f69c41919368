import Foundation

/// A JSON value whose numbers stay as they were written.
public indirect enum JSONTree: Hashable, Sendable {
    case text(String)
    case number(String)
    case bool(Bool)
    case null
    case list([JSONTree])
    case map([String: JSONTree])

    static func number(_ value: Int) -> JSONTree { .number(String(value)) }

    /// JSON on one line, keys sorted, so that equal values have equal bytes.
    public var json: String {
        switch self {
        case .text(let text): "\"\(Self.escaped(text))\""
        case .number(let digits): digits
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        case .list(let list): "[" + list.map(\.json).joined(separator: ",") + "]"
        case .map(let map):
            "{"
                + map.sorted { $0.key < $1.key }
                .map { "\"\(Self.escaped($0.key))\":\($0.value.json)" }.joined(separator: ",")
                + "}"
        }
    }

    /// A text as it stands between the quotes of JSON (RFC 8259, 7).
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Reads JSON; nil when it is none.
    init?(json bytes: [UInt8]) {
        let options: JSONSerialization.ReadingOptions = [.fragmentsAllowed]
        guard let value = try? JSONSerialization.jsonObject(with: Data(bytes), options: options)
        else { return nil }  // what is no JSON is told by nil
        self.init(value)
    }

    private init(_ value: Any) {
        switch value {
        case let text as String: self = .text(text)
        case let list as [Any]: self = .list(list.map { JSONTree($0) })
        case let map as [String: Any]: self = .map(map.mapValues { JSONTree($0) })
        case let number as NSNumber:
            let isBool = String(cString: number.objCType) == "c"
            self = isBool ? .bool(number.boolValue) : .number(number.stringValue)
        default: self = .null
        }
    }

    /// What lies at a path such as `items[0].number`; nil where there is nothing.
    func value(at path: String) -> JSONTree? {
        var node = self
        for step in path.split(whereSeparator: { ".[]".contains($0) }) {
            switch node {
            case .map(let map):
                guard let next = map[String(step)] else { return nil }
                node = next
            case .list(let list):
                guard let index = Int(step), list.indices.contains(index) else { return nil }
                node = list[index]
            default: return nil
            }
        }
        return node == .null ? nil : node
    }

    /// A text or number as it is shown; nil for anything else.
    public var word: String? {
        switch self {
        case .text(let text): text
        case .number(let digits): digits
        default: nil
        }
    }

    /// The value as templates see it.
    var forTemplates: Any {
        switch self {
        case .text(let text): text
        case .number(let digits): digits
        case .bool(let value): value
        case .null: ""
        case .list(let list): list.map(\.forTemplates)
        case .map(let map): map.mapValues(\.forTemplates)
        }
    }
}
