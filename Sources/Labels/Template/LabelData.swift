/// What fills a template in: values by name, and lists of such for repeated parts.
public struct LabelData: Hashable, Sendable {
    public var fields: [String: String]
    public var lists: [String: [[String: String]]]

    public init(_ fields: [String: String] = [:], lists: [String: [[String: String]]] = [:]) {
        self.fields = fields
        self.lists = lists
    }
}
