import Foundation
import Mustache

/// A Mustache template of a body or an address.
public struct BodyTemplate: Sendable {
    /// What a value may do where it is put in: nothing but be a text there.
    public enum Escaping: String, Sendable {
        case json, query
    }

    private let template: MustacheTemplate

    /// - Parameters:
    ///   - text: the template; the pragma for its escaping is put before it.
    ///   - escaping: how values are written.
    /// - Throws: when it is no template.
    package init(_ text: String, _ escaping: Escaping) throws {
        EscapedContent.register()
        let pragma = "{{% CONTENT_TYPE:\(escaping.contentType)}}"
        template = try MustacheTemplate(string: pragma + text)
    }

    /// The text with a message's values; names are those of ``OutboundMessage/tree``, and what its
    /// content has needs no `content.` before it.
    package func text(_ message: OutboundMessage) -> String {
        var context = message.tree
        if case .map(var map) = context, case .map(let content) = message.content {
            map.merge(content) { own, _ in own }
            context = .map(map)
        }
        return template.render(context.forTemplates)
    }
}

extension BodyTemplate.Escaping {
    fileprivate var contentType: String {
        switch self {
        case .json: "TALLYMAN_JSON"
        case .query: "TALLYMAN_QUERY"
        }
    }
}

/// Values in JSON texts and in addresses.
private struct EscapedContent: MustacheContentType {
    let escaping: BodyTemplate.Escaping

    /// Known to the library by name; again changes nothing.
    static func register() {
        for escaping in [BodyTemplate.Escaping.json, .query] {
            MustacheContentTypes.register(
                EscapedContent(escaping: escaping),
                named: escaping.contentType
            )
        }
    }

    func escapeText(_ text: String) -> String {
        switch escaping {
        case .json: JSONTree.escaped(text)
        case .query: text.percentEncoded
        }
    }
}

extension String {
    /// Everything but letters, digits and `-._~` as bytes in hexadecimal (RFC 3986, 2.3).
    var percentEncoded: String {
        let kept = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        )
        return addingPercentEncoding(withAllowedCharacters: kept) ?? ""
    }
}
