import ExceptionReports
import Sync
import Tally
import Workforce

extension FloorDesk {
    func exceptionReport(_ command: FloorCommand) throws -> Outcome {
        switch command {
        case .raiseException:
            return try raise(command)
        case .editException(let id, let name, let text):
            let report = try report(id)
            let section = try section(name)
            try checkPermission(section, of: report)
            return (report.key, try report.write(section, text, by: worker))
        case .addToException(let id, let name, let text):
            let report = try report(id)
            return (report.key, try report.add(to: try section(name), text))
        case .settleException(let id, let name, let operation):
            let report = try report(id)
            let section = try section(name)
            try check(.close, section.rawValue, of: report)
            let kept = try observation(operation, field: "operation")
            return (report.key, try report.settle(section, keeping: kept))
        case .acknowledgeException(let id, let name):
            let report = try report(id)
            return (report.key, try acknowledge(report, try section(name)))
        case .moveException(let id, let verb):
            let report = try report(id)
            if let duty = ExceptionDuty(move: verb) { try check(duty, verb, of: report) }
            return (report.key, try move(report, verb))
        default:
            preconditionFailure("\(command) is not for exception reports")
        }
    }

    private func raise(_ command: FloorCommand) throws -> Outcome {
        guard
            case .raiseException(
                let code,
                let equipment,
                let text,
                let photo,
                let phrases,
                let order,
                let material,
                let lot
            ) = command
        else { preconditionFailure("\(command) reports nothing") }
        let category = code.lowercased()
        guard let known = try self.category(category) else {
            throw AgentRefusal.unknownCategory(code)
        }
        let chosen = phrases ?? []
        let offered = known.phrases(of: .problem).map(\.code)
        if let unknown = chosen.first(where: { !offered.contains($0) }) {
            throw AgentRefusal.unknownRecord(field: "phrase", id: unknown)
        }
        let raising = Raising(
            category: category,
            equipment: equipment,
            text: text,
            photo: try self.photo(photo),
            productionOrder: order ?? "",
            phrases: chosen,
            material: material ?? "",
            lot: lot ?? ""
        )
        let file = try reader.reportFile(place: raising.place, category: category, site: site)
        let (key, drafts, _) = try ExceptionReport.raise(
            raising,
            file: file,
            joinMinutes: known.joinMinutes,
            now: now
        )
        return (key, drafts)
    }

    private func acknowledge(_ report: ExceptionReport, _ section: Section) throws -> [Draft] {
        let rules = try reader.routing(of: report)
        let waiting = report.escalations(rules, now: now).first { $0.section == section }
        if let waiting, let person = try person(), !person.mayAcknowledge(level: waiting.role) {
            throw ExceptionRefusal.notPermitted(what: "acknowledge", worker: worker)
        }
        return try report.acknowledge(section, rules: rules, now: now)
    }

    private func move(_ report: ExceptionReport, _ verb: String) throws -> [Draft] {
        switch verb {
        case "contain": try report.contain()
        case "resolve": try report.resolve()
        case "close": try report.close(try category(report.raising.category))
        case "reopen": try report.reopen()
        default: throw AgentRefusal.unknownRecord(field: "move", id: verb)
        }
    }

    private func checkPermission(_ section: Section, of report: ExceptionReport) throws {
        guard let duty = ExceptionDuty(section: section.rawValue) else { return }
        try check(duty, section.rawValue, of: report)
    }

    private func check(_ duty: ExceptionDuty, _ what: String, of report: ExceptionReport) throws {
        let team = try reader.routing(of: report).team
        guard let person = try person(), person.may(duty, team: team) else {
            throw ExceptionRefusal.notPermitted(what: what, worker: worker)
        }
    }

    private func person() throws -> Worker? {
        Worker(try reader.record(of: Worker.key(badge: worker)))
    }

    private func section(_ name: String) throws -> Section {
        guard let section = Section(rawValue: name) else {
            throw AgentRefusal.unknownRecord(field: "section", id: name)
        }
        return section
    }

    private func category(_ code: String) throws -> ExceptionCategory? {
        ExceptionCategory(try reader.record(of: ExceptionRoom.categoryKey(code)))
    }

    private func report(_ id: String) throws -> ExceptionReport {
        let key = try key(
            ExceptionRoom.EntityKind.report,
            area: TerminalNode.floorArea,
            id,
            field: "report"
        )
        guard let report = ExceptionReport(try reader.record(of: key)) else {
            throw AgentRefusal.unknownRecord(field: "report", id: id)
        }
        return report
    }
}
