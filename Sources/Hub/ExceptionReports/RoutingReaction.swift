import ExceptionReports
import Forms
import Inspection
import Sync
import Tally

extension Reactions {
    /// Report raised → its voices gathered, routed to the team of its category with its deadlines;
    /// a breakdown → the maintenance order of its machine.
    func exceptionReports(
        _ entity: EntityKey,
        _ reader: EntityReader,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        guard entity.kind == ExceptionRoom.EntityKind.report else { return [] }
        let record = try reader.record(of: entity)
        guard let report = ExceptionReport(record) else { return [] }
        let category = ExceptionCategory(
            try reader.record(of: ExceptionRoom.categoryKey(report.raising.category))
        )
        var drafts: [Draft] = []
        // Reports of earlier programs are in no file.
        if report.raising.ordinal > 0 {
            let file = try ReportFile(
                place: report.raising.place,
                category: report.raising.category,
                in: entity.scope,
                record: reader.record
            )
            let minutes = category?.joinMinutes ?? ExceptionCategory.joinMinutesUsual
            drafts = try file.decide(joinMinutes: minutes)
            // What follows is decided when every voice is where it belongs.
            if drafts.contains(where: { $0.entity == entity }) { return drafts }
        }
        let machine = try equipment(report.raising.equipment, entity.scope, reader)
        let process = machine?.registration.process ?? ""
        if let routed = try Routing.decide(report, category, process: process) {
            drafts.append(routed)
        }
        return try drafts + breakdown(report, category, machine, reader, transaction)
    }

    private func breakdown(
        _ report: ExceptionReport,
        _ category: ExceptionCategory?,
        _ machine: Equipment?,
        _ reader: EntityReader,
        _ transaction: any ReplicaTransaction
    ) throws -> [Draft] {
        guard let category, category.maintenance, let machine else { return [] }
        let check = InspectionRoom.check(reportedAs: category.code)
        let scope = report.key.scope
        let faults = report.voices.map { voice in
            MaintenanceOrderDecider.Fault(
                report: report.key.id,
                evidence: voice.evidence,
                words: words(of: voice, category),
                photo: voice.raising.photo
            )
        }
        let drafts = try MaintenanceOrderDecider.decide(
            faults: faults,
            of: machine.tag,
            check: check,
            in: scope,
            equipment: machine,
            orders: try orders(machine.tag, check, scope, reader),
            nextNumber: { try nextNumber("MO", site: scope.site, in: transaction) }
        )
        for draft in drafts {
            let revision = try MaintenanceOrder.revision(in: draft)
            try announce(draft, topic: "maintenance_order", revision: revision, in: transaction)
        }
        return drafts
    }

    /// What a voice says: a person's words as they are, else what was chosen, in Chinese and
    /// English, since an order is read in either.
    private func words(of voice: Voice, _ category: ExceptionCategory) -> String {
        let chosen = voice.raising.phrases.compactMap { code -> String? in
            guard let phrase = category.phrases(of: .problem).first(where: { $0.code == code })
            else { return code }
            let texts = ["zh-CN", "en"].map { phrase.text.text(in: $0) }
            return texts[0] == texts[1] ? texts[0] : "\(texts[0]) \(texts[1])"
        }
        return (chosen + [voice.raising.text]).filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
