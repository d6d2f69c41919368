import ExceptionReports
import Inspection
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

    /// The open reports as the page numbers them: what escalated and waits for a person's word
    /// first, then the latest.
    ///
    /// - Parameters:
    ///   - site: the terminal's.
    ///   - now: the terminal's time.
    /// - Returns: each with its routing.
    /// - Throws: what the store throws.
    public func reportsToWorkOn(
        site: String,
        now: Moment
    ) throws -> [(report: ExceptionReport, rules: Routing)] {
        let all = try openReports(site: site).map { ($0, try routing(of: $0)) }
        let isUrgent = { (report: ExceptionReport, rules: Routing) in
            report.escalations(rules, now: now).contains { $0.acknowledged == nil }
        }
        return all.filter { isUrgent($0.0, $0.1) } + all.filter { !isUrgent($0.0, $0.1) }
    }

    /// The reports on a machine and category, as this terminal knows them.
    public func reportFile(place: String, category: String, site: String) throws -> ReportFile {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        return try ReportFile(place: place, category: category, in: scope, record: record)
    }

    /// Who deals with a report and by when: the hub's word, and until that is here what the rules
    /// come to that this terminal has.
    public func routing(of report: ExceptionReport) throws -> Routing {
        if let routing = report.routing { return routing }
        let raising = report.raising
        let machine = Equipment(
            try record(of: InspectionRoom.equipmentKey(raising.equipment, in: report.key.scope))
        )
        return Routing(
            ExceptionCategory(try record(of: ExceptionRoom.categoryKey(raising.category))),
            equipment: raising.equipment,
            process: machine?.registration.process ?? "",
            captured: report.captured
        )
    }

    /// The maintenance order that a breakdown raised; nil when the hub has made none.
    public func breakdownOrder(of report: ExceptionReport) throws -> MaintenanceOrder? {
        try MaintenanceOrder.all(
            of: report.raising.equipment,
            check: InspectionRoom.check(reportedAs: report.raising.category),
            in: report.key.scope,
            record: record
        )
        .last { $0.issue.findings.contains { $0.inspection == report.key.id } }
    }

    /// The teams that reports can go to: those of the categories and their rules, and of the
    /// workers, sorted.
    public func teams() throws -> [String] {
        let categories = try exceptionCategories()
        let workers = try records(kind: Worker.entityKind).compactMap(Worker.init)
        let names =
            categories.map(\.team) + categories.flatMap { $0.rules.map(\.team) }
            + workers.map(\.team)
        return Set(names).filter { !$0.isEmpty }.sorted()
    }

    /// The name of a badge's holder; the badge itself where nobody registered it.
    public func workerName(_ badge: String) throws -> String {
        Worker(try record(of: Worker.key(badge: badge)))?.name ?? badge
    }
}
