import Foundation

/// A value of JSON, with numbers as they are written.
enum CodeValue: Decodable {
    case text(String)
    case list([CodeValue])
    case object([String: CodeValue])
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Best effort a kind: the next one is tried.
        if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .text(flag ? "true" : "false")
        } else if let number = try? container.decode(Decimal.self) {
            self = .text(number.description)
        } else if let list = try? container.decode([CodeValue].self) {
            self = .list(list)
        } else if let object = try? container.decode([String: CodeValue].self) {
            self = .object(object)
        } else {
            self = .null
        }
    }

    /// The texts of an object by key; those of an object in it as `outer.inner`.
    var texts: [String: String] {
        guard case .object(let object) = self else { return [:] }
        var texts: [String: String] = [:]
        for (key, value) in object {
            switch value {
            case .text(let text): texts[key] = text
            case .object:
                for (inner, text) in value.texts { texts["\(key).\(inner)"] = text }
            case .list, .null: break
            }
        }
        return texts
    }

    /// The objects of the list at a path such as `goods.items`; none where there is no list.
    func items(at path: String) -> [CodeValue] {
        var value = self
        for step in path.split(separator: ".") {
            guard case .object(let object) = value, let next = object[String(step)] else {
                return []
            }
            value = next
        }
        guard case .list(let list) = value else { return [] }
        return list
    }
}
