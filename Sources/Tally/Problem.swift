/// Names a problem that a person can see; its texts are in `Templates/Strings` under
/// `problem.<code>`, in every language, and say what happened, to which thing, and what to do.
public struct ProblemCode: Hashable, Sendable, ExpressibleByStringLiteral {
    public let text: String

    public init(stringLiteral text: String) { self.text = text }

    public init(_ text: String) { self.text = text }
}

/// A refusal by a rule of the domain: nothing was changed.
///
/// Each room has a closed enum that conforms; the code picks the text and the facts fill it.
public protocol Refusal: Error, Sendable {
    var code: ProblemCode { get }
    /// What the text names: `note`, `line`, `expected`, `read`, ...
    var facts: [String: String] { get }
}

extension Refusal {
    /// The refusal for logs and for clients without a string table.
    public var plainText: String {
        let details = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ([code.text] + details).joined(separator: " ")
    }
}
