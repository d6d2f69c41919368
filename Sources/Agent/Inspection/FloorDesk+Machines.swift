import Inspection
import Sync
import Tally
import Workforce

extension FloorDesk {
    /// What is done about a machine itself.
    func machine(_ command: FloorCommand) throws -> Outcome {
        switch command {
        case .stopMachine(let tag, let reason):
            let machine = try machine(tag)
            return (machine.key, try machine.stop(reason: reason))
        case .releaseMachine(let tag):
            let machine = try machine(tag)
            try check(.release)
            return (machine.key, try machine.release())
        case .answerMissed(let route, let tag, let note):
            let machine = try machine(tag)
            try check(.answer)
            let code = NaturalKey.code(route)
            let stops = try reader.routeStops(site: site, now: now)
            guard
                let stop = stops.first(where: {
                    $0.route.code == code && $0.machine.key == machine.key
                })
            else { throw InspectionRefusal.nothingMissed(route: code, tag: machine.tag) }
            return (machine.key, try stop.run.answer(note: note ?? ""))
        default:
            preconditionFailure("\(command) is not for machines")
        }
    }

    private func machine(_ tag: String) throws -> Equipment {
        guard let machine = try reader.machine(tag, site: site) else {
            throw InspectionRefusal.unknownEquipment(tag: NaturalKey.code(tag))
        }
        return machine
    }

    /// Refuses what the worker's role does not allow.
    func check(_ duty: MachineDuty) throws {
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        guard let person, person.may(duty) else {
            throw InspectionRefusal.notPermitted(what: duty.rawValue, worker: worker)
        }
    }
}
