import Agent
import Codes
import ExceptionReports
import Forms
import Inspection
import Sync
import Tally

/// A report in the making: which machine, what kind, what is wrong, and the work at hand.
struct ReportView: Hashable, Sendable {
    let machineTag: String?
    let machineName: String?
    /// The machines to touch, while none was scanned.
    let machines: [CommandButton]
    /// The categories to touch, while none was chosen.
    let categories: [CommandButton]
    /// The category that was chosen.
    let chosenCategory: String?
    /// Its phrases.
    let phrases: [CommandButton]
    let words: String?
    /// Production order and material, as they were scanned.
    let goods: [String]
    let photo: PhotoTile
    /// What is said where the report joins another's.
    let joins: String?
    let canRaise: Bool
    let raiseKey: String
    let raiseCommand = CommandCode.ok.text
    let undoCommand = CommandCode.undo.text
    let cancelCommand = CommandCode.cancel.text

    init(
        _ draft: KioskSession.ReportDraft,
        site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        machineTag = draft.equipment
        machineName = try draft.equipment.map { tag in
            try reader.machine(tag, site: site).map { words.label($0.registration.name) } ?? tag
        }
        machines = draft.equipment != nil ? [] : try Self.machines(site, reader, words)
        let known = try reader.exceptionCategories()
        let category = known.first { $0.code == draft.category }
        chosenCategory = category.map { words.label($0.name) }
        categories =
            category != nil
            ? []
            : known.enumerated().map { index, category in
                CommandButton(
                    command: CommandCode.choice(index + 1).text,
                    number: String(index + 1),
                    caption: words.label(category.name)
                )
            }
        phrases = (category?.phrases(of: .problem) ?? []).enumerated().map { index, phrase in
            CommandButton(
                command: CommandCode.choice(index + 1).text,
                number: String(index + 1),
                caption: words.label(phrase.text),
                isPressed: draft.phrases.contains(phrase.code)
            )
        }
        self.words = draft.text.isEmpty ? nil : draft.text
        goods = words.goods(
            order: draft.productionOrder,
            material: draft.material,
            lot: draft.lot
        )
        photo = PhotoTile(draft.photo?.bytes ?? [], words)
        joins = try Self.joins(draft, category, site, reader, words)
        canRaise = draft.equipment != nil && draft.category != nil
        raiseKey = words.text(joins == nil ? "kiosk.raise_key" : "kiosk.join_key")
    }

    private static func machines(
        _ site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [CommandButton] {
        try reader.machines(site: site).prefix(12).map { machine in
            CommandButton(
                command: try Plate(tag: machine.equipment.tag).text(),
                number: "",
                caption: machine.equipment.tag,
                note: words.label(machine.equipment.registration.name)
            )
        }
    }

    private static func joins(
        _ draft: KioskSession.ReportDraft,
        _ category: ExceptionCategory?,
        _ site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> String? {
        guard let tag = draft.equipment, let category else { return nil }
        let file = try reader.reportFile(place: tag, category: category.code, site: site)
        let open = file.open(joinMinutes: category.joinMinutes, now: words.now)
        return try open.map { report in
            words.text(
                "kiosk.joins",
                [
                    "name": try reader.workerName(report.raised.author),
                    "time": words.time(report.raised.moment),
                    "count": String(report.voices.count),
                ]
            )
        }
    }
}

extension KioskWords {
    /// Production order and material in a line each; none where nothing was scanned.
    func goods(order: String, material: String, lot: String) -> [String] {
        var lines: [String] = []
        if !order.isEmpty { lines.append(text("kiosk.goods_order", ["order": order])) }
        if !material.isEmpty {
            lines.append(text("kiosk.goods_material", ["material": material]))
        }
        if !lot.isEmpty { lines.append(text("kiosk.goods_lot", ["lot": lot])) }
        return lines
    }

    /// What was chosen and typed in a voice, in the reader's language.
    func problem(_ raising: Raising, _ category: ExceptionCategory?) -> String {
        let chosen = raising.phrases.map { code in
            category?.phrases(of: .problem).first { $0.code == code }.map { label($0.text) }
                ?? code
        }
        let separator = language == .chinese ? "；" : "; "
        return (chosen + [raising.text]).filter { !$0.isEmpty }.joined(separator: separator)
    }
}
