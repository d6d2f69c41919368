import Codes
import Foundation
import HTTPTypes
import Hummingbird
import Tally

/// The answer when the store could not save: the code, and what to do, in both languages.
struct StoreProblem {
    private struct Body: Encodable {
        let code: String
        let facts: [String: String]
        /// By language: what happened and what to do.
        let text: [String: String]
    }

    /// RFC 4918, 11.5.
    private static let insufficientStorage = HTTPResponse.Status(
        code: 507,
        reasonPhrase: "Insufficient Storage"
    )

    private let refusal: any Refusal
    private let texts: StringTable?

    init(_ refusal: any Refusal, _ texts: StringTable?) {
        self.refusal = refusal
        self.texts = texts
    }

    /// 507 when the disk is full, else 503: the same request may be sent again later.
    func response() throws -> Response {
        let key = "problem." + refusal.code.text
        var said: [String: String] = [:]
        if let texts {
            for language in [CommandCode.Language.english, .chinese] {
                said[language.rawValue] = texts.text(key, language, refusal.facts)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let body = Body(code: refusal.code.text, facts: refusal.facts, text: said)
        let isFull = refusal.code.text == "ledger.disk_full"
        return .json(
            isFull ? Self.insufficientStorage : .serviceUnavailable,
            Array(try encoder.encode(body))
        )
    }
}
