import Foundation
import Labels

/// Which printers a person chose for a receipt's slip and its labels.
struct ChosenPrinters: Hashable, Sendable {
    /// A field that a form sends.
    struct Field: Hashable, Sendable {
        let name: String
        let value: String
    }

    /// The printers that one of the two can go to.
    struct Choice: Hashable, Sendable {
        struct Option: Hashable, Sendable {
            let option: String
            let isChosen: Bool
        }

        let caption: String
        let field: String
        let other: [Field]
        let options: [Option]
    }

    private(set) var slip: String?
    private(set) var label: String?

    /// What a query or a form has: `slip=` and `labels=`.
    init(_ query: String) {
        // A form writes a blank as plus.
        let items = URLComponents(string: "?" + query.replacing("+", with: "%20"))?.queryItems
        slip = items?.first { $0.name == "slip" }?.value
        label = items?.first { $0.name == "labels" }?.value
    }

    /// With a printer for what nobody chose, or chose one for that is gone: slips go to a receipt
    /// printer where there is one, labels to one that is wide enough.
    func completed(from printers: [LabelPrinter]) -> ChosenPrinters {
        func known(_ name: String?) -> String? {
            name.flatMap { name in printers.contains { $0.name == name } ? name : nil }
        }
        let narrow = printers.first { $0.language == .escpos } ?? printers.first
        let others = printers.filter { $0.language != .escpos }
        let wide = others.first { $0.width >= 100_000 } ?? others.first ?? printers.first
        var completed = self
        completed.slip = known(slip) ?? narrow?.name
        completed.label = known(label) ?? wide?.name
        return completed
    }

    /// What a form sends of it.
    var fields: [Field] {
        [
            slip.map { Field(name: "slip", value: $0) },
            label.map { Field(name: "labels", value: $0) },
        ]
        .compactMap { $0 }
    }

    /// What a person can choose.
    ///
    /// - Parameters:
    ///   - printers: all that there are.
    ///   - caption: the words of `slip_printer` and `label_printer`.
    /// - Returns: first for the slip, then for the labels.
    func choices(among printers: [LabelPrinter], caption: (String) -> String) -> [Choice] {
        let chosen = completed(from: printers)
        return [("slip_printer", "slip", chosen.slip), ("label_printer", "labels", chosen.label)]
            .map { words, field, name in
                Choice(
                    caption: caption(words),
                    field: field,
                    other: chosen.fields.filter { $0.name != field },
                    options: printers.map {
                        Choice.Option(option: $0.name, isChosen: $0.name == name)
                    }
                )
            }
    }
}
