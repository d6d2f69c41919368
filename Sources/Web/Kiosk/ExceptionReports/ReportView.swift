import Agent
import Codes
import ExceptionReports
import Inspection
import Sync
import Tally

/// A report in the making: which machine, what kind, and words if somebody wants to say more.
struct ReportView: Hashable, Sendable {
    let machineTag: String?
    let machineName: String?
    /// The machines to touch, while none was scanned.
    let machines: [CommandButton]
    let categories: [CommandButton]
    let words: String?
    let photo: PhotoTile
    let canRaise: Bool
    let raiseCommand = CommandCode.ok.text
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
        machines =
            draft.equipment != nil
            ? []
            : try reader.machines(site: site).prefix(12).map { machine in
                CommandButton(
                    command: try Plate(tag: machine.equipment.tag).text(),
                    number: "",
                    caption: machine.equipment.tag,
                    note: words.label(machine.equipment.registration.name)
                )
            }
        categories = try reader.exceptionCategories().enumerated().map { index, category in
            CommandButton(
                command: CommandCode.choice(index + 1).text,
                number: String(index + 1),
                caption: words.label(category.name),
                isPressed: category.code == draft.category
            )
        }
        self.words = draft.text.isEmpty ? nil : draft.text
        photo = PhotoTile(draft.photo?.bytes ?? [], words)
        canRaise = draft.equipment != nil && draft.category != nil
    }
}

/// A report that was made: what became of it.
struct ExceptionView: Hashable, Sendable {
    /// One of the five sections.
    struct SectionRow: Hashable, Sendable {
        let heading: String
        /// A person's words; several where people wrote who could not see each other's.
        let values: [Value]
        let due: String?
        /// `calm`, `attention` (due within the hour) or `wrong` (late).
        let dueTone: String
        let isConflict: Bool
    }

    /// What somebody wrote, and who.
    struct Value: Hashable, Sendable {
        let words: String
        let author: String
    }

    let machineTag: String
    let machineName: String
    let category: String
    let stage: String
    let raised: String
    let team: String?
    let isRouted: Bool
    let photo: ShownPhoto?
    let sections: [SectionRow]

    init(
        _ report: ExceptionReport,
        site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let tag = report.raising.equipment
        machineTag = tag.isEmpty ? report.raising.station : tag
        machineName =
            try reader.machine(tag, site: site).map { words.label($0.registration.name) } ?? ""
        let known = try reader.exceptionCategories().first { $0.code == report.raising.category }
        category = known.map { words.label($0.name) } ?? report.raising.category
        stage = words.word("stage", report.stage.rawValue)
        raised = words.text(
            "kiosk.raised_by",
            [
                "name": try reader.workerName(report.raised.author),
                "time": words.time(report.raised.moment),
            ]
        )
        team = report.routing.map { words.word("team", $0.team) }
        isRouted = report.routing != nil
        photo = report.raising.photo.isEmpty ? nil : ShownPhoto(report.raising.photo)
        sections = try Section.allCases.map { section in
            try SectionRow(section, report, reader, words)
        }
    }
}

extension ExceptionView.SectionRow {
    private static let soonMilliseconds: Int64 = 3_600_000

    fileprivate init(
        _ section: Section,
        _ report: ExceptionReport,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        heading = words.word("section", section.rawValue)
        let present = report.sections[section] ?? []
        values = try present.map { value in
            ExceptionView.Value(
                words: value.text,
                author: try reader.workerName(value.evidence.author)
            )
        }
        isConflict = present.count > 1
        let deadline = present.isEmpty ? report.routing?.deadlines[section] : nil
        due = deadline.map { words.text("kiosk.due", ["time": words.time($0)]) }
        switch deadline {
        case let moment? where moment < words.now: dueTone = "wrong"
        case let moment?
        where moment < words.now.adding(milliseconds: Self.soonMilliseconds):
            dueTone = "attention"
        default: dueTone = "calm"
        }
    }
}
