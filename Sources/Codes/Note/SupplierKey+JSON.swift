import Foundation
import Tally

extension SupplierKey {
    /// A key as JSON has it: `{"supplier": …, "publicKey": hex or base64, "validFrom": ISO 8601,
    /// "validUntil": …, "revoked": false}`, the last three optional.
    private struct Document: Codable {
        var supplier: String
        var publicKey: String
        var validFrom: String?
        var validUntil: String?
        var revoked: Bool?
    }

    /// Reads a list of keys from JSON.
    ///
    /// - Parameter json: UTF-8 text, an array.
    /// - Returns: the keys, in the order of the file.
    /// - Throws: ``NoteRefusal`` with the path of the field.
    public static func list(json: [UInt8]) throws(NoteRefusal) -> [SupplierKey] {
        let documents: [Document]
        do {
            documents = try JSONDecoder().decode([Document].self, from: Data(json))
        } catch let error as DecodingError {
            throw NoteRefusal(error)
        } catch {
            throw .notJSON
        }
        var keys: [SupplierKey] = []
        for (index, document) in documents.enumerated() {
            keys.append(try SupplierKey(document, path: "[\(index)]"))
        }
        return keys
    }

    /// A list of keys as JSON, public halves only.
    public static func json(_ keys: [SupplierKey]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return Array(
            try encoder.encode(
                keys.map {
                    Document(
                        supplier: $0.supplier,
                        publicKey: $0.publicKey.hexadecimal,
                        validFrom: $0.validFrom?.description,
                        validUntil: $0.validUntil?.description,
                        revoked: $0.revoked
                    )
                }
            )
        )
    }

    private init(_ document: Document, path: String) throws(NoteRefusal) {
        let bytes =
            [UInt8](hexadecimal: document.publicKey)
            ?? Data(base64Encoded: document.publicKey).map(Array.init)
        guard !NaturalKey.code(document.supplier).isEmpty else {
            throw .invalid(field: "\(path).supplier", value: document.supplier)
        }
        let from = try Self.moment(document.validFrom, "\(path).validFrom")
        let until = try Self.moment(document.validUntil, "\(path).validUntil")
        guard let bytes,
            let key = SupplierKey(
                supplier: document.supplier,
                publicKey: bytes,
                validFrom: from,
                validUntil: until,
                revoked: document.revoked ?? false
            )
        else { throw .invalid(field: "\(path).publicKey", value: document.publicKey) }
        self = key
    }

    private static func moment(_ text: String?, _ field: String) throws(NoteRefusal) -> Moment? {
        guard let text else { return nil }
        guard let moment = Moment(iso8601: text) else { throw .invalid(field: field, value: text) }
        return moment
    }
}
