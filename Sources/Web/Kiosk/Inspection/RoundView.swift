import Agent
import Codes
import Inspection
import Sync
import Tally
import Workforce

/// The round of the day: the stops of each route in the order of the walk, and why each is due.
struct RoundView: Hashable, Sendable {
    /// A machine on the way.
    struct Stop: Hashable, Sendable {
        let path: String
        /// Its place in the walk.
        let place: String
        let tag: String
        let name: String
        let detail: String
        /// `missed`, `due`, `done` or `later`.
        let standing: String
        let mark: String
        let markTone: String
    }

    /// A route with what is to do on it today.
    struct Walk: Hashable, Sendable {
        let heading: String
        let progress: String
        let doneCount: String
        let count: String
        let stops: [Stop]
        /// "Not due today: …"; nil where all are.
        let rest: String?
    }

    /// A machine that was missed twice in a row.
    struct Reminder: Hashable, Sendable {
        let words: String
        let command: String
        let number: String
    }

    let walks: [Walk]
    let reminders: [Reminder]
    /// Whether who is signed in may answer them.
    let mayAnswer: Bool
    let cancelCommand = CommandCode.cancel.text

    init(_ reader: EntityReader, site: String, worker: String, _ words: KioskWords) throws {
        let stops = try reader.routeStops(site: site, now: words.now)
        var walks: [(Route, [RouteStop])] = []
        for stop in stops {
            if walks.last?.0.code == stop.route.code {
                walks[walks.count - 1].1.append(stop)
            } else {
                walks.append((stop.route, [stop]))
            }
        }
        self.walks = try walks.map { try Walk($0, $1, reader, words) }
        reminders = stops.reminders.enumerated().map { index, run in
            Reminder(
                words: words.missed(run, of: stops),
                command: CommandCode.choice(index + 1).text,
                number: String(index + 1)
            )
        }
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        mayAnswer = person?.may(.answer) ?? false
    }
}

extension RoundView.Walk {
    fileprivate init(
        _ route: Route,
        _ all: [RouteStop],
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        heading = words.label(route.name)
        let today = all.enumerated().filter { $0.element.isOfToday(words) }
        stops = try today.map { try RoundView.Stop($1, place: $0 + 1, reader, words) }
        let done = today.filter { !$0.element.isDue && $0.element.isDoneToday(words) }.count
        doneCount = String(done)
        count = String(max(today.count, 1))
        progress = words.text(
            "kiosk.round_progress",
            ["done": String(done), "count": String(today.count)]
        )
        let others = all.filter { !$0.isOfToday(words) }.map { stop in
            stop.standing.next.map { "\(stop.machine.tag) (\(words.time($0)))" } ?? stop.machine.tag
        }
        rest =
            others.isEmpty
            ? nil : words.text("kiosk.round_rest", ["machines": others.joined(separator: ", ")])
    }
}

extension RoundView.Stop {
    fileprivate init(
        _ stop: RouteStop,
        place: Int,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        path = "/open/equipment/\(stop.machine.key.id)"
        self.place = String(place)
        tag = stop.machine.tag
        name = words.label(stop.machine.registration.name)
        if stop.isDue {
            detail = stop.standing.reasons.map(words.due).joined(separator: " · ")
            let missed = stop.run.missed.count
            if missed > 0 {
                standing = "missed"
                mark = words.text("kiosk.round_missed", ["count": String(missed)])
                markTone = "wrong"
            } else {
                (standing, mark, markTone) = ("due", words.text("kiosk.round_due"), "attention")
            }
        } else if let inspected = stop.inspected, stop.isDoneToday(words) {
            standing = "done"
            detail = [
                try reader.workerName(inspected.author), words.time(inspected.moment),
            ]
            .joined(separator: " · ")
            (mark, markTone) = (words.text("kiosk.round_done"), "good")
        } else {
            standing = "later"
            detail = ""
            let time = stop.standing.next.map(words.time) ?? ""
            (mark, markTone) = (words.text("kiosk.round_later", ["time": time]), "calm")
        }
    }
}

extension RouteStop {
    /// Whether somebody inspected it today.
    func isDoneToday(_ words: KioskWords) -> Bool {
        inspected.map { words.isToday($0.moment) } ?? false
    }

    /// Whether it is due, was done today, or will be due today.
    func isOfToday(_ words: KioskWords) -> Bool {
        isDue || isDoneToday(words) || standing.next.map(words.isToday) ?? false
    }
}

extension KioskWords {
    /// What a team leader is reminded of.
    func missed(_ run: MissedRun, of stops: [RouteStop]) -> String {
        let stop = stops.first { $0.run.id == run.id }
        return text(
            "kiosk.missed_reminder",
            [
                "equipment": run.tag, "count": String(run.missed.count),
                "route": stop.map { label($0.route.name) } ?? run.route,
                "time": run.missed.first.map(time) ?? "",
            ]
        )
    }
}
