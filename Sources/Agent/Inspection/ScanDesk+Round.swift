import Codes
import Forms
import Inspection
import Sync
import Tally

// The round of the day, and one machine's history.

extension ScanDesk {
    /// From an inspection to its machine's history; from anywhere else to the round of the day.
    func inspect(_ session: inout KioskSession) throws -> Feedback {
        if case .inspection(let id, _) = session.place {
            let tag = try inspection(id).tag
            session.open(.machine(tag: tag, inspection: id))
            return Feedback(.good, "kiosk.machine_history", ["equipment": tag])
        }
        let hasRoutes = try reader.hasRoutes(site: try node.site(in: transaction))
        session.open(hasRoutes ? .round : .home)
        return Feedback(.attention, "kiosk.scan_plate")
    }

    /// The first route that a machine is a stop of and due on, else the first that it is on.
    func route(of tag: String) throws -> String? {
        let stops = try stops().filter { $0.machine.tag == NaturalKey.code(tag) }
        return (stops.first(where: \.isDue) ?? stops.first)?.route.code
    }

    private func stops() throws -> [RouteStop] {
        try reader.routeStops(
            site: try node.site(in: transaction),
            now: try ClockFixes.now(reading, in: transaction)
        )
    }

    mutating func round(
        _ meaning: ScanMeaning,
        _ text: String,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        switch meaning {
        case .command(.choice(let number)):
            let reminders = try stops().reminders
            guard reminders.indices.contains(number - 1) else {
                throw unexpected(text, "kiosk.expects_round")
            }
            let run = reminders[number - 1]
            let command = FloorCommand.answerMissed(route: run.route, equipment: run.tag)
            _ = try self.run(command, worker, &session, &dice)
            return Feedback(.good, "kiosk.missed_answered", ["equipment": run.tag])
        case .command(.cancel):
            session.open(.home)
            return Feedback(.good, "kiosk.home")
        default:
            throw unexpected(text, "kiosk.expects_round")
        }
    }

    mutating func machine(
        _ meaning: ScanMeaning,
        _ text: String,
        _ tag: String,
        _ inspection: Identifier?,
        _ worker: String,
        _ session: inout KioskSession,
        _ dice: inout some Dice
    ) throws -> Feedback {
        switch meaning {
        case .command(.ok):
            if let inspection { return try goOn(inspection, &session) }
            let command = FloorCommand.beginInspection(equipment: tag, plateScanned: false)
            let saved = try run(command, worker, &session, &dice)
            _ = try goOn(saved.entity.id, &session)
            return Feedback(.attention, "kiosk.inspection_begun_unread", ["equipment": tag])
        case .command(.cancel):
            if let inspection { return try goOn(inspection, &session) }
            session.open(session.isOnRound ? .round : .home)
            return Feedback(.good, "kiosk.home")
        default:
            throw unexpected(text, "kiosk.expects_machine")
        }
    }

    /// Goes to the first open question of an inspection.
    func goOn(_ id: Identifier, _ session: inout KioskSession) throws -> Feedback {
        let inspection = try inspection(id)
        let form = try reader.form(of: inspection)
        let first = inspection.isSigned ? nil : Self.open(form, inspection).first?.name
        session.open(.inspection(id, question: first))
        return Feedback(.good, "kiosk.inspection_goes_on", ["equipment": inspection.tag])
    }
}
