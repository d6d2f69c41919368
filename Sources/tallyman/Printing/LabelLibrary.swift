import Codes
import Connectors
import Foundation
import Labels
import Tally
import Web

/// The label templates of this installation, and what fills them in.
struct LabelLibrary: Sendable {
    private let folder: TemplateFolder

    init(_ folder: TemplateFolder) { self.folder = folder }

    /// The names of all templates.
    var names: [String] {
        folder.paths(in: "Labels", ending: ".yaml").map { path in
            String(path.dropFirst("Labels/".count).dropLast(".yaml".count))
        }
    }

    /// Reads a template.
    ///
    /// - Throws: `LabelRefusal/unknownTemplate`, or what is wrong in the file.
    func template(_ name: String) throws -> LabelTemplate {
        guard names.contains(name) else {
            throw LabelRefusal.unknownTemplate(name, known: names.joined(separator: ", "))
        }
        let content = try folder.content("Labels/\(name).yaml")
        return try LabelTemplateFile.read(name: "\(name).yaml", bytes: Array(content)) { image in
            Array(try folder.content("Labels/\(image)"))
        }
    }

    /// The pages of a label.
    ///
    /// - Parameters:
    ///   - name: the template's.
    ///   - data: what fills it in; what follows from it (a plate's link, a carton's code) is added.
    ///   - language: `zh-CN` or `en`.
    /// - Returns: the label, and what the queue calls it.
    /// - Throws: a refusal that names what is missing.
    func filled(_ name: String, _ data: LabelData, language: String) throws -> PrintDesk.Filled {
        let template = try template(name)
        let complete = try worded(try Self.completed(name, data), language)
        let main = ["tag", "number", "sscc", "note", "material"].compactMap { data.fields[$0] }
        return PrintDesk.Filled(
            title: ([template.title(language)] + main.prefix(1)).joined(separator: " "),
            pages: try template.pages(complete, language: language)
        )
    }

    /// An order of the kiosk, the API or a command.
    func filled(_ order: PrintDesk.Order) throws -> PrintDesk.Filled {
        let language = order.language ?? "zh-CN"
        guard CommandCode.Language(rawValue: language) != nil else {
            throw LabelRefusal.badData("language \(language)")
        }
        let data = LabelData(order.fields ?? [:], lists: order.lists ?? [:])
        return try filled(order.label, data, language: language)
    }

    /// Units in the reader's words; codes keep theirs, since they are filled in before.
    private func worded(_ data: LabelData, _ language: String) throws -> LabelData {
        guard let language = CommandCode.Language(rawValue: language) else { return data }
        let table = try StringTable(folder)
        func words(_ fields: [String: String]) -> [String: String] {
            guard let code = fields["unit"], let unit = Tally.Unit(code) else { return fields }
            return fields.merging(["unit": table.unit(unit, language)]) { $1 }
        }
        return LabelData(words(data.fields), lists: data.lists.mapValues { $0.map(words) })
    }

    /// Adds what follows from the fields of the labels that Tallyman knows.
    private static func completed(_ name: String, _ data: LabelData) throws -> LabelData {
        let fields = data.fields
        var made = LabelData()
        switch name {
        case "plate":
            if let tag = fields["tag"], fields["link"] == nil {
                made = try LabelData.plate(Plate(tag: tag))
            }
        case "carton":
            if let sscc = fields["sscc"] {
                made = try LabelData.carton(
                    sscc: sscc,
                    material: "",
                    amount: "",
                    unit: "",
                    lot: fields["lot"] ?? "",
                    order: fields["order"] ?? ""
                )
            }
        case "put_away":
            made = LabelData.putAway(
                material: fields["material"] ?? "",
                description: fields["description"] ?? "",
                amount: fields["amount"] ?? "",
                unit: fields["unit"] ?? "",
                lot: fields["lot"] ?? "",
                bin: fields["bin"] ?? ""
            )
        default: break
        }
        let required: [String: [String]] = [
            "carton": ["material", "amount", "unit"], "put_away": ["material", "amount", "unit"],
        ]
        for field in required[name] ?? [] where fields[field] == nil {
            throw LabelRefusal.missingField(field, label: name)
        }
        return LabelData(
            made.fields.merging(fields) { $1 },
            lists: made.lists.merging(data.lists) { $1 }
        )
    }
}

/// A label's data from a JSON file: fields with their texts or numbers, and lists of such.
enum LabelDataFile {
    static func read(_ bytes: [UInt8]) throws -> LabelData {
        let root: Any
        do {
            root = try JSONSerialization.jsonObject(with: Data(bytes))
        } catch {
            throw LabelRefusal.badData("it is no JSON")
        }
        guard let map = root as? [String: Any] else {
            throw LabelRefusal.badData("it is no object of names and values")
        }
        var data = LabelData()
        for (key, value) in map {
            if let list = value as? [Any] {
                data.lists[key] = try list.map { item in
                    guard let item = item as? [String: Any] else {
                        throw LabelRefusal.badData("\(key) is a list, whose items must be objects")
                    }
                    return try item.mapValues { try text($0, key) }
                }
            } else {
                data.fields[key] = try text(value, key)
            }
        }
        return data
    }

    private static func text(_ value: Any, _ key: String) throws -> String {
        if let text = value as? String { return text }
        if let number = value as? NSNumber { return number.stringValue }
        throw LabelRefusal.badData("\(key) is neither text nor number")
    }
}
