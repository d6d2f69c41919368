import Codes
import ExceptionReports
import Forms
import Receiving
import Sync
import Tally

// A report in the making: machine by its plate, category by its card or number, phrases by their
// numbers, production order and material as they are printed.

extension ScanDesk {
    mutating func report(
        _ meaning: ScanMeaning,
        _ text: String,
        _ draft: KioskSession.ReportDraft,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        switch meaning {
        case .command(.category(let code)):
            return try choose(category: code.lowercased(), draft, &session)
        case .command(.choice(let number)):
            return try choose(number: number, draft, &session)
        case .command(.ok), .command(.sign):
            return try raise(draft, worker, &session, &dice)
        case .command(.undo):
            return try undo(draft, &session)
        case .command(.cancel):
            session.open(.home)
            return Feedback(.good, "kiosk.cancelled")
        case .dataMessage, .gs1, .supplierCode:
            return try goods(meaning, text, draft, &session)
        case .plain(let words):
            return try plain(words, draft, &session)
        default:
            throw unexpected(text, "kiosk.expects_report")
        }
    }

    // MARK: - Category and phrases

    /// A number: a category while none is chosen, then one of its phrases.
    private func choose(
        number: Int,
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let categories = try reader.exceptionCategories()
        if let chosen = categories.first(where: { $0.code == draft.category }),
            !chosen.phrases(of: .problem).isEmpty
        {
            return try choose(phrase: number, of: chosen, draft, &session)
        }
        guard categories.indices.contains(number - 1) else {
            throw AgentRefusal.unknownCategory(String(number))
        }
        return try choose(category: categories[number - 1].code, draft, &session)
    }

    private func choose(
        category code: String,
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let categories = try reader.exceptionCategories()
        guard let category = categories.first(where: { $0.code == code }) else {
            throw AgentRefusal.unknownCategory(code)
        }
        var draft = draft
        if draft.category != category.code { draft.phrases = [] }
        draft.category = category.code
        session.place = .report(draft)
        let name = category.name.text(in: session.language.rawValue)
        return Feedback(.good, "kiosk.report_category", ["category": name])
    }

    private func choose(
        phrase number: Int,
        of category: ExceptionCategory,
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        let phrases = category.phrases(of: .problem)
        guard phrases.indices.contains(number - 1) else {
            throw unexpected(CommandCode.choice(number).text, "kiosk.expects_phrase")
        }
        let phrase = phrases[number - 1]
        let facts = ["phrase": phrase.text.text(in: session.language.rawValue)]
        var draft = draft
        if let place = draft.phrases.firstIndex(of: phrase.code) {
            draft.phrases.remove(at: place)
            session.place = .report(draft)
            return Feedback(.attention, "kiosk.phrase_off", facts)
        }
        draft.phrases.append(phrase.code)
        session.place = .report(draft)
        return Feedback(.good, "kiosk.phrase_on", facts)
    }

    /// Takes back what was said last: a phrase, then the goods, the category, and the machine.
    private func undo(
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        var draft = draft
        if !draft.phrases.isEmpty {
            draft.phrases.removeLast()
        } else if !draft.text.isEmpty {
            draft.text = ""
        } else if !draft.material.isEmpty || !draft.productionOrder.isEmpty {
            (draft.productionOrder, draft.material, draft.lot) = ("", "", "")
        } else if draft.category != nil {
            draft.category = nil
        } else if draft.equipment != nil {
            draft.equipment = nil
        } else {
            throw AgentRefusal.nothingToUndo
        }
        session.place = .report(draft)
        return Feedback(.attention, "kiosk.report_undone")
    }

    // MARK: - Goods

    /// A label of goods, or a paper of production.
    private func goods(
        _ meaning: ScanMeaning,
        _ text: String,
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        typealias Field = SupplierCode.Field
        let fields: [String: String?]
        switch meaning {
        case .dataMessage(let message):
            let goods = message.goods
            fields = [
                "material": goods[Field.material] ?? goods[Field.part], "lot": goods[Field.lot],
                "order": message["W"],
            ]
        case .gs1(let elements):
            fields = [
                "material": elements["241"] ?? elements["240"] ?? elements["01"],
                "lot": elements["10"], "order": nil,
            ]
        case .supplierCode(let code):
            fields = [
                "material": code[Field.material] ?? code[Field.part], "lot": code[Field.lot],
                "order": nil,
            ]
        default: fields = [:]
        }
        var draft = draft
        if let material = fields["material"] ?? nil { draft.material = NaturalKey.code(material) }
        if let lot = fields["lot"] ?? nil { draft.lot = NaturalKey.number(lot) }
        if let order = fields["order"] ?? nil {
            draft.productionOrder = NaturalKey.number(order)
        }
        guard draft.material != "" || draft.productionOrder != "" else {
            throw unexpected(text, "kiosk.expects_report")
        }
        session.place = .report(draft)
        let facts = ["material": [draft.material, draft.lot].joined(separator: " ").trimmedEnds]
        return draft.material.isEmpty
            ? Feedback(.good, "kiosk.report_order", ["order": draft.productionOrder])
            : Feedback(.good, "kiosk.report_material", facts)
    }

    /// A text that is none of our codes: a material that is registered, else what looks like the
    /// number of a production order, else a person's words.
    private func plain(
        _ words: String,
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        var draft = draft
        let code = NaturalKey.code(words)
        let material = ReceivingRoom.materialKey(code)
        if MaterialRegistration(try reader.record(of: material)) != nil {
            draft.material = code
            session.place = .report(draft)
            return Feedback(.good, "kiosk.report_material", ["material": code])
        }
        if words.looksLikeNumber {
            draft.productionOrder = NaturalKey.number(words)
            session.place = .report(draft)
            return Feedback(.good, "kiosk.report_order", ["order": draft.productionOrder])
        }
        draft.text = words
        session.place = .report(draft)
        return Feedback(.good, "kiosk.report_words")
    }

    // MARK: - Reporting

    private mutating func raise(
        _ draft: KioskSession.ReportDraft,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        guard let equipment = draft.equipment else {
            throw unexpected("", "kiosk.expects_plate")
        }
        guard let category = draft.category else {
            throw unexpected("", "kiosk.expects_category")
        }
        let command = FloorCommand.raiseException(
            category: category,
            equipment: equipment,
            text: draft.text,
            photo: draft.photo?.bytes.hexadecimal,
            phrases: draft.phrases,
            productionOrder: draft.productionOrder,
            material: draft.material,
            lot: draft.lot
        )
        let saved = try run(command, worker, &session, &dice)
        session.open(.exception(saved.entity.id))
        let report = ExceptionReport(try reader.record(of: saved.entity))
        let count = report?.voices.count ?? 1
        let facts = ["equipment": equipment, "count": String(count)]
        return count > 1
            ? Feedback(.good, "kiosk.report_joined", facts)
            : Feedback(.good, "kiosk.report_raised", facts)
    }
}

extension String {
    /// Whether it can be the number of a paper: capitals, digits and marks without a space, one
    /// digit at least.
    fileprivate var looksLikeNumber: Bool {
        let marks = "-_/.".unicodeScalars
        return (4...40).contains(unicodeScalars.count)
            && unicodeScalars.contains { ("0"..."9").contains($0) }
            && unicodeScalars.allSatisfy {
                ("0"..."9").contains($0) || ("A"..."Z").contains($0) || marks.contains($0)
            }
    }

    fileprivate var trimmedEnds: String { NaturalKey.number(self) }
}

extension EntityReader {
    /// All exception categories, sorted by code.
    public func exceptionCategories() throws -> [ExceptionCategory] {
        try records(kind: ExceptionRoom.EntityKind.category)
            .compactMap(ExceptionCategory.init).sorted { $0.code < $1.code }
    }
}
