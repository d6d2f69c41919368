import Foundation
import Tally

/// A delivery note as people and other programs write it, in JSON.
///
/// The same names as ``NoteContent``; moments in ISO 8601, quantities as decimal text or numbers
/// with the unit beside them:
/// `{"supplier": …, "number": …, "site": …, "promisedArrival": …, "lines": [{"line": 1,
/// "purchaseOrder": …, "material": …, "quantity": "40", "unit": "H87", "lot": …}]}`.
struct NoteDocument: Codable {
    struct Line: Codable {
        var line: Int
        var purchaseOrder: String?
        var purchaseOrderLine: Int?
        var material: String
        var description: String?
        var quantity: DecimalText
        var unit: String?
        var lot: String?
        var serials: [String]?
        var cartons: [String]?
    }

    /// A number that keeps its digits, whether it was written as a JSON number or as text.
    struct DecimalText: Codable {
        var text: String

        init(_ text: String) { self.text = text }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                text = try container.decode(String.self)
            } catch DecodingError.typeMismatch {
                text = try container.decode(Decimal.self).description
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    var supplier: String
    var number: String
    var site: String
    var issuedAt: String?
    var promisedArrival: String?
    var expiresAt: String?
    var lines: [Line]
}

extension NoteContent {
    /// Reads a note from JSON.
    ///
    /// - Parameters:
    ///   - json: UTF-8 text.
    ///   - now: the moment of issue, and of promised arrival, of a note that does not tell them.
    /// - Throws: ``NoteRefusal/invalid(field:value:)`` with the path of the field.
    public init(json: [UInt8], now: Moment) throws(NoteRefusal) {
        let document: NoteDocument
        do {
            document = try JSONDecoder().decode(NoteDocument.self, from: Data(json))
        } catch let error as DecodingError {
            throw NoteRefusal(error)
        } catch {
            throw .notJSON
        }
        let issuedAt = try Self.moment(document.issuedAt, "issuedAt") ?? now
        var lines: [Line] = []
        for (index, line) in document.lines.enumerated() {
            lines.append(try Line(line, path: "lines[\(index)]"))
        }
        let content = NoteContent(
            supplier: document.supplier,
            number: document.number,
            site: document.site,
            issuedAt: issuedAt,
            promisedArrival: try Self.moment(document.promisedArrival, "promisedArrival")
                ?? issuedAt,
            expiresAt: try Self.moment(document.expiresAt, "expiresAt"),
            lines: lines
        )
        self = try content.normalised()
    }

    private static func moment(
        _ text: String?,
        _ field: String
    ) throws(NoteRefusal) -> Moment? {
        guard let text else { return nil }
        guard let moment = Moment(iso8601: text) else { throw .invalid(field: field, value: text) }
        return moment
    }

    var document: NoteDocument {
        NoteDocument(
            supplier: supplier,
            number: number,
            site: site,
            issuedAt: issuedAt.description,
            promisedArrival: promisedArrival.description,
            expiresAt: expiresAt?.description,
            lines: lines.map(\.document)
        )
    }
}

extension NoteContent: Encodable {
    public func encode(to encoder: any Encoder) throws { try document.encode(to: encoder) }
}

extension NoteContent.Line {
    fileprivate init(_ line: NoteDocument.Line, path: String) throws(NoteRefusal) {
        guard let unit = line.unit.map({ Unit($0) }) ?? .piece else {
            throw .invalid(field: "\(path).unit", value: line.unit ?? "")
        }
        guard let quantity = Quantity(text: line.quantity.text, unit: unit) else {
            throw .invalid(field: "\(path).quantity", value: line.quantity.text)
        }
        self.init(
            number: line.line,
            purchaseOrder: line.purchaseOrder ?? "",
            purchaseOrderLine: line.purchaseOrderLine ?? 0,
            material: line.material,
            description: line.description ?? "",
            quantity: quantity,
            lot: line.lot ?? "",
            serials: line.serials ?? [],
            cartons: line.cartons ?? []
        )
    }

    fileprivate var document: NoteDocument.Line {
        NoteDocument.Line(
            line: number,
            purchaseOrder: purchaseOrder,
            purchaseOrderLine: purchaseOrderLine == 0 ? nil : purchaseOrderLine,
            material: material,
            description: description,
            quantity: NoteDocument.DecimalText(quantity.number),
            unit: quantity.unit.code,
            lot: lot,
            serials: serials.isEmpty ? nil : serials,
            cartons: cartons.isEmpty ? nil : cartons
        )
    }
}

extension NoteRefusal {
    /// Names the field that JSON lacks or has in the wrong type.
    init(_ error: DecodingError) {
        let (context, missing): (DecodingError.Context, (any CodingKey)?) =
            switch error {
            case .keyNotFound(let key, let context): (context, key)
            case .typeMismatch(_, let context), .valueNotFound(_, let context): (context, nil)
            case .dataCorrupted(let context): (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil)
            }
        var path = ""
        for key in context.codingPath + (missing.map { [$0] } ?? []) {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        if missing != nil {
            self = .fieldMissing(field: path)
        } else if case .dataCorrupted = error, path.isEmpty {
            self = .notJSON
        } else {
            self = .fieldOfOtherType(field: path.isEmpty ? "." : path)
        }
    }
}

extension Moment {
    /// Reads ISO 8601 with a zone, with or without a fraction, or a day (midnight UTC); nil for
    /// anything else.
    init?(iso8601 text: String) {
        let day = Date.ISO8601FormatStyle().year().month().day()
        let styles = [
            Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
            day,
        ]
        for style in styles where style != day || text.utf8.count == 10 {
            let date: Date
            do {
                date = try style.parse(text)
            } catch {
                continue  // Each style refuses what another one takes.
            }
            self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
            return
        }
        return nil
    }
}
