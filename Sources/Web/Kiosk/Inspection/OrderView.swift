import Agent
import Codes
import ExceptionReports
import Forms
import Inspection
import Sync
import Tally
import Workforce

/// A maintenance order on the floor: what was found, what was done, and the keys of the work.
struct OrderView: Hashable, Sendable {
    /// What somebody found or did.
    struct Row: Hashable, Sendable {
        let words: String
        let about: String
        let photo: ShownPhoto?
    }

    let number: String
    let machineTag: String
    let machineName: String
    let check: String
    let stage: String
    let stageTone: String
    let isSevere: Bool
    /// Why the crew looks before it works; nil where there is no doubt.
    let doubt: String?
    let standing: String
    let findings: [Row]
    let steps: [Row]
    let parts: [String]
    /// What the strong key says; nil once the order is ended.
    let nextKey: String?
    let nextCommand: String
    let isTaken: Bool
    let canLayDown: Bool
    let canHandOver: Bool
    let pauseCommand = CommandCode.choice(1).text
    let handOverCommand = CommandCode.choice(2).text
    let cancelCommand = CommandCode.cancel.text
    /// Who may work on it, where who is signed in may not.
    let notYours: String?
    /// Where the machine's history is; nil for a machine that is not known.
    let machinePath: String?

    init(
        _ order: MaintenanceOrder,
        site: String,
        worker: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        number = order.number
        machineTag = order.issue.tag
        let machine = try reader.machine(order.issue.tag, site: site)
        machineName = machine.map { words.label($0.registration.name) } ?? ""
        machinePath = machine.map { "/open/machine/\($0.key.id)" }
        let mayWork = Worker(try reader.record(of: Worker.key(badge: worker)))?.may(.work) ?? false
        notYours =
            mayWork || order.stage.isEnded ? nil : words.text("kiosk.order_not_yours")
        check = try words.check(of: order, reader)
        stage = words.word("stage", order.stage.rawValue)
        stageTone = order.stage == .open ? "attention" : "calm"
        isSevere = order.issue.isSevere
        doubt =
            order.issue.isDoubtful
            ? words.text("kiosk.order_doubtful", ["order": order.issue.previousNumber]) : nil
        let minutes = order.worked(until: words.now) / 60_000
        standing = words.text(
            "kiosk.order_standing",
            [
                "team": words.word("team", order.issue.team), "count": String(minutes),
                "time": words.time(order.issue.opened),
            ]
        )
        findings = try order.issue.findings.reversed().map { finding in
            let question = try words.question(of: order, finding, reader)
            let answer = words.answer(finding.answer, of: question)
            let limits = question.flatMap(words.limits)
            let author = try reader.workerName(finding.evidence.author)
            let about = [limits, author, words.time(finding.evidence.moment)]
            return Row(
                words: answer.isEmpty ? words.text("kiosk.voice_silent") : answer,
                about: about.compactMap(\.self).joined(separator: " · "),
                photo: finding.photo.isEmpty ? nil : ShownPhoto(finding.photo)
            )
        }
        steps = try Self.steps(order, reader, words)
        parts = order.parts.map { "\($0.material) × \(words.quantity($0.quantity))" }
        isTaken = order.stage == .taken
        canLayDown = mayWork && order.stage == .taken
        canHandOver = mayWork && (order.stage == .taken || order.stage == .paused)
        switch order.stage {
        case _ where !mayWork: (nextKey, nextCommand) = (nil, "")
        case .open:
            (nextKey, nextCommand) = (words.text("kiosk.take_key"), CommandCode.ok.text)
        case .paused:
            (nextKey, nextCommand) = (words.text("kiosk.resume_key"), CommandCode.ok.text)
        case .taken:
            (nextKey, nextCommand) = (words.text("kiosk.finish_key"), CommandCode.sign.text)
        case .done, .cancelled: (nextKey, nextCommand) = (nil, "")
        }
    }

    /// What was done, the latest first.
    private static func steps(
        _ order: MaintenanceOrder,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [Row] {
        let moves = order.steps.map { step in
            (step.evidence, [words.word("work", step.kind.rawValue), step.note])
        }
        let notes = order.notes.map { note in
            let parts = note.parts.map { "\($0.material) × \(words.quantity($0.quantity))" }
            return (note.evidence, [note.text] + parts)
        }
        return try (moves + notes).sorted { $1.0.isRecordedBefore($0.0) }.map { evidence, said in
            Row(
                words: said.filter { !$0.isEmpty }.joined(separator: " · "),
                about: [
                    try reader.workerName(evidence.author), words.time(evidence.moment),
                ]
                .joined(separator: " · "),
                photo: nil
            )
        }
    }
}

extension KioskWords {
    /// The question that a finding answered; nil where people reported it.
    func question(
        of order: MaintenanceOrder,
        _ finding: MaintenanceOrder.Finding,
        _ reader: EntityReader
    ) throws -> Question? {
        guard !order.issue.isReported,
            let inspection = try reader.inspection(
                finding.inspection,
                site: order.key.scope.site
            )
        else { return nil }
        return try? reader.form(of: inspection).question(order.issue.check)  // nil: an older form
    }

    /// What an order is about: the question that was answered badly, or what was reported.
    func check(of order: MaintenanceOrder, _ reader: EntityReader) throws -> String {
        if let code = InspectionRoom.category(ofCheck: order.issue.check) {
            let known = try reader.exceptionCategories().first { $0.code == code }
            return known.map { label($0.name) } ?? code
        }
        guard let finding = order.issue.findings.first,
            let question = try question(of: order, finding, reader)
        else { return order.issue.check }
        return label(question.label)
    }
}
