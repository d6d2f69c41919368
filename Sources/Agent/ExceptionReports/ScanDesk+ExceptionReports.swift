import Codes
import ExceptionReports
import Forms
import Sync
import Tally

extension ScanDesk {
    /// A report in the making: machine by its plate, category by its card, words as typed.
    mutating func report(
        _ meaning: ScanMeaning,
        _ text: String,
        _ draft: KioskSession.ReportDraft,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        var draft = draft
        switch meaning {
        case .command(.category(let code)):
            return try choose(category: code.lowercased(), draft, &session)
        case .command(.choice(let number)):
            let categories = try categories()
            guard categories.indices.contains(number - 1) else {
                throw AgentRefusal.unknownCategory(String(number))
            }
            return try choose(category: categories[number - 1].code, draft, &session)
        case .command(.ok), .command(.sign):
            return try raise(draft, worker, &session, &dice)
        case .command(.cancel):
            session.open(.home)
            return Feedback(.good, "kiosk.cancelled")
        case .plain(let words):
            draft.text = words
            session.place = .report(draft)
            return Feedback(.good, "kiosk.report_words")
        default:
            throw unexpected(text, "kiosk.expects_report")
        }
    }

    /// The categories by their number on the page, from 1.
    private func categories() throws -> [ExceptionCategory] {
        try reader.exceptionCategories()
    }

    private func choose(
        category code: String,
        _ draft: KioskSession.ReportDraft,
        _ session: inout KioskSession
    ) throws -> Feedback {
        guard let category = try categories().first(where: { $0.code == code }) else {
            throw AgentRefusal.unknownCategory(code)
        }
        var draft = draft
        draft.category = category.code
        session.place = .report(draft)
        let name = category.name.text(in: session.language.rawValue)
        return Feedback(.good, "kiosk.report_category", ["category": name])
    }

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
            photo: draft.photo?.bytes.hexadecimal
        )
        let saved = try run(command, worker, &session, &dice)
        session.open(.exception(saved.entity.id))
        return Feedback(.good, "kiosk.report_raised", ["equipment": equipment])
    }
}

extension EntityReader {
    /// All exception categories, sorted by code.
    public func exceptionCategories() throws -> [ExceptionCategory] {
        try records(kind: ExceptionRoom.EntityKind.category)
            .compactMap(ExceptionCategory.init).sorted { $0.code < $1.code }
    }
}
