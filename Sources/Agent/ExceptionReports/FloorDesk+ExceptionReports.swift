import ExceptionReports
import Sync
import Tally

extension FloorDesk {
    func exceptionReport(_ command: FloorCommand, dice: inout some Dice) throws -> Outcome {
        switch command {
        case .raiseException(let code, let equipment, let text, let photo):
            let category = code.lowercased()
            guard try self.category(category) != nil else {
                throw AgentRefusal.unknownCategory(code)
            }
            let scope = Scope(site: site, area: TerminalNode.floorArea)
            let id = Identifier.random(&dice)
            let raising = Raising(
                category: category,
                equipment: equipment,
                text: text,
                photo: try self.photo(photo)
            )
            let drafts = try ExceptionReport.raise(id, raising, in: scope)
            return (ExceptionRoom.reportKey(id, in: scope), drafts)
        case .editException(let id, let name, let text):
            let report = try report(id)
            guard let section = Section(rawValue: name) else {
                throw AgentRefusal.unknownRecord(field: "section", id: name)
            }
            return (report.key, try report.write(section, text, by: worker))
        case .moveException(let id, let verb):
            let report = try report(id)
            return (report.key, try move(report, verb))
        default:
            preconditionFailure("\(command) is not for exception reports")
        }
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
