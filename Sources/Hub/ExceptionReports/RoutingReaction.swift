import ExceptionReports
import Sync
import Tally

extension Reactions {
    /// Report raised → routed to the team of its category, with its deadlines.
    func routing(_ entity: EntityKey, _ reader: EntityReader) throws -> [Draft] {
        guard entity.kind == ExceptionRoom.EntityKind.report,
            let report = ExceptionReport(try reader.record(of: entity))
        else { return [] }
        let category = ExceptionCategory(
            try reader.record(of: ExceptionRoom.categoryKey(report.raising.category))
        )
        return try Routing.decide(report, category).map { [$0] } ?? []
    }
}
