import Codes
import Connectors
import ExceptionReports
import Foundation
import Hub
import Inspection
import Sync
import Tally
import Web

extension HubDesk {
    func answerExceptions(_ request: HubRequest) async throws -> HubAnswer {
        switch request {
        case .routeException(let question): .route(try await route(question))
        case .eightD(let report, let language): .page(try await eightD(report, language))
        default: preconditionFailure("\(request) is not about exceptions")
        }
    }

    /// What the rules would make of a report; nothing is recorded.
    func route(_ question: RouteQuestion) async throws -> RouteView {
        let draft = try question.draft.map { file in
            try ExceptionCategoryFile.read(name: file.name, bytes: Array(file.content))
        }
        return try await shell.read { node, reading in
            let reader = node.reader(reading)
            let code = question.category.lowercased()
            let category =
                if let draft {
                    draft.first { $0.code == code }
                } else {
                    ExceptionCategory(try reader.record(of: ExceptionRoom.categoryKey(code)))
                }
            let sites = try question.site.map { [$0] } ?? HubNode.sites(in: reading)
            let machine = try sites.compactMap { site in
                let scope = Scope(site: site, area: HubNode.floorArea)
                let key = InspectionRoom.equipmentKey(question.equipment, in: scope)
                return Equipment(try reader.record(of: key))
            }
            .first
            return RouteView(category, question, machine, now: clockNow())
        }
    }

    private func clockNow() -> Moment {
        Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// A report as an 8D, all in one file.
    func eightD(_ report: String, _ language: String) async throws -> String {
        guard let id = Identifier(text: report) else {
            throw ExceptionRefusal.unknownReport(String(report.prefix(60)))
        }
        let folder = try Texts.folder()
        let page = try EightDPage(folder, zone: .current)
        let html = try await shell.read { node, reading in
            try page.html(
                of: id,
                sites: try HubNode.sites(in: reading),
                node.reader(reading),
                language: CommandCode.Language(rawValue: language) ?? .chinese,
                now: clockNow()
            )
        }
        guard let html else { throw ExceptionRefusal.unknownReport(report) }
        return html
    }
}

extension RouteView {
    fileprivate init(
        _ known: ExceptionCategory?,
        _ question: RouteQuestion,
        _ machine: Equipment?,
        now: Moment
    ) {
        let captured = question.at.map { Moment(milliseconds: $0) } ?? now
        let process = question.process ?? machine?.registration.process ?? ""
        let routing = Routing(
            known,
            equipment: question.equipment,
            process: process,
            captured: captured
        )
        category = known?.code ?? question.category
        version = known?.version ?? 0
        equipment = question.equipment
        self.process = process
        team = routing.team
        if case .category(_, _, let rule) = routing.reason { self.rule = rule } else { rule = "" }
        self.captured = captured.description
        deadlines = Section.allCases.compactMap { section in
            routing.deadlines[section].map { due in
                Due(
                    section: section.rawValue,
                    due: due.description,
                    levels: (routing.levels[section] ?? []).map {
                        Level(role: $0.role, moment: $0.moment.description)
                    }
                )
            }
        }
        needed = Section.allCases.filter { known?.needed.contains($0) ?? false }.map(\.rawValue)
        joinMinutes = known?.joinMinutes ?? 0
        maintenanceOrder = known?.maintenance ?? false
    }
}
