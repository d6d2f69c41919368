import Foundation
import Tally

/// What came in by `POST /scan`: checked before anything else sees it.
struct KioskText: Hashable, Sendable {
    /// The longest text in bytes of UTF-8: more than any code holds.
    static let bytesMax = 4096
    /// The largest request: the longest text, each byte in three as forms write it, and the rest.
    static let requestBytesMax = 3 * bytesMax + 512

    /// Controls that codes are made of: EOT, FS, GS, RS, US (ISO/IEC 15434).
    private static let codeControls: Set<UInt32> = [0x04, 0x1C, 0x1D, 0x1E, 0x1F]

    let text: String
    /// Names the request, so that a repeated one is not taken twice; empty when nobody named it.
    let request: String
    /// Whether a scanner typed it, as far as its speed tells.
    private(set) var isTyped = false

    /// Checks a text as it was read.
    ///
    /// Line ends and tabs at the end are a scanner's suffix and are dropped.
    init(_ text: String, request: String = "") throws(KioskRefusal) {
        guard text.utf8.count <= Self.bytesMax else {
            throw .textTooLong(bytes: text.utf8.count, bytesMax: Self.bytesMax)
        }
        var scalars = Array(text.unicodeScalars)
        while let last = scalars.last, last == "\r" || last == "\n" || last == "\t" || last == " " {
            scalars.removeLast()
        }
        guard scalars.contains(where: { !$0.properties.isWhitespace }) else { throw .textMissing }
        for (index, scalar) in scalars.enumerated()
        where scalar.properties.generalCategory == .control {
            guard Self.codeControls.contains(scalar.value) else {
                throw .controlCharacter(code: scalar.value, position: index + 1)
            }
        }
        self.text = String(String.UnicodeScalarView(scalars))
        self.request = String(request.prefix(64))
    }

    /// Reads the body of a request.
    ///
    /// - Parameters:
    ///   - body: at most ``requestBytesMax`` bytes.
    ///   - isJSON: whether it is JSON with `text`, else a form with `text`.
    /// - Throws: ``KioskRefusal`` saying what is wrong with it.
    init(body: [UInt8], isJSON: Bool) throws(KioskRefusal) {
        let fields = isJSON ? try Self.json(body) : try Self.form(body)
        guard let text = fields["text"] else { throw .textMissing }
        try self.init(text, request: fields["request"] ?? "")
        isTyped = fields["typed"] == "scanner"
    }

    /// The `request` of a body that has nothing else; empty for any other.
    static func request(body: [UInt8], isJSON: Bool) throws(KioskRefusal) -> String {
        if body.isEmpty { return "" }
        let fields = isJSON ? try Self.json(body) : try Self.form(body)
        return String((fields["request"] ?? "").prefix(64))
    }

    private struct Ask: Decodable {
        var text: String?
        var request: String?
        var typed: String?
    }

    private static func json(_ body: [UInt8]) throws(KioskRefusal) -> [String: String] {
        let ask: Ask
        do {
            ask = try JSONDecoder().decode(Ask.self, from: Data(body))
        } catch {
            throw .notText
        }
        var fields: [String: String] = [:]
        fields["text"] = ask.text
        fields["request"] = ask.request
        fields["typed"] = ask.typed
        return fields
    }

    /// The fields of `application/x-www-form-urlencoded` (WHATWG URL, 5.1).
    private static func form(_ body: [UInt8]) throws(KioskRefusal) -> [String: String] {
        var fields: [String: String] = [:]
        for part in body.split(separator: UInt8(ascii: "&")) {
            let pair = part.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = decoded(pair[0]),
                let value = pair.count == 2 ? decoded(pair[1]) : ""
            else { throw .notText }
            fields[name] = value
        }
        return fields
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"):
                result.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = bytes[(index + 1)...].prefix(2)
                guard digits.count == 2,
                    let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return nil }
                result.append(byte)
                index += 2
            case let byte:
                result.append(byte)
            }
            index += 1
        }
        return String(validating: result, as: UTF8.self)
    }
}
