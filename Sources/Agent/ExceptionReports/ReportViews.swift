import ExceptionReports
import Sync
import Tally
import Workforce

// What the page shows about exceptions and people. Pure, like `ReceivingViews.swift`.

extension EntityReader {
    /// The report of an id; nil when it is not known here.
    public func exceptionReport(_ id: Identifier, site: String) throws -> ExceptionReport? {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        return ExceptionReport(try record(of: ExceptionRoom.reportKey(id, in: scope)))
    }

    /// The reports that are not closed, the latest first.
    public func openReports(site: String) throws -> [ExceptionReport] {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        return try records(kind: ExceptionRoom.EntityKind.report, in: scope)
            .compactMap(ExceptionReport.init)
            .filter { $0.stage != .closed }
            .sorted { ($1.raised.moment, $0.key) < ($0.raised.moment, $1.key) }
    }

    /// The name of a badge's holder; the badge itself where nobody registered it.
    public func workerName(_ badge: String) throws -> String {
        Worker(try record(of: Worker.key(badge: badge)))?.name ?? badge
    }
}
