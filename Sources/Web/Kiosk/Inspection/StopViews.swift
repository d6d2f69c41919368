import Agent
import Codes
import Inspection
import Sync
import Tally
import Workforce

/// A severe hazard: whether the machine is to be stopped, asked twice.
struct HazardView: Hashable, Sendable {
    let tag: String
    let name: String
    let reason: String
    let isConfirming: Bool
    let step: String
    let yesCommand = CommandCode.yes.text
    let noCommand = CommandCode.no.text
    let okCommand = CommandCode.ok.text
    let cancelCommand = CommandCode.cancel.text
    let stopKey: String

    init(
        _ hazard: KioskSession.Hazard,
        site: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        tag = hazard.tag
        let machine = try reader.machine(hazard.tag, site: site)
        name = machine.map { words.label($0.registration.name) } ?? ""
        reason = hazard.reason
        isConfirming = hazard.isConfirming
        step = words.text("kiosk.hazard_step", ["number": hazard.isConfirming ? "2" : "1"])
        stopKey = words.text(
            hazard.isConfirming ? "kiosk.stop_now_key" : "kiosk.stop_key",
            ["equipment": hazard.tag]
        )
    }
}

/// The card of a machine that must not run: the whole screen, and a sheet of paper.
struct StopCardView: Hashable, Sendable {
    /// A stop that nobody has taken back.
    struct Stop: Hashable, Sendable {
        let reason: String
        let about: String
    }

    let tag: String
    let name: String
    /// Empty once the machine was released.
    let stops: [Stop]
    let isStopped: Bool
    /// Who released it last, and when; nil while it is stopped, or when nobody did.
    let released: String?
    let paperPath: String
    let mayRelease: Bool
    let releaseKey: String
    let releaseCommand = CommandCode.sign.text
    let okCommand = CommandCode.ok.text

    init(
        _ machine: Equipment,
        worker: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        tag = machine.tag
        name = words.label(machine.registration.name)
        stops = try machine.stops.reversed().map { stop in
            Stop(
                reason: stop.reason,
                about: [
                    try reader.workerName(stop.evidence.author),
                    words.date(stop.evidence.moment),
                ]
                .joined(separator: " · ")
            )
        }
        isStopped = machine.isStopped
        let release = machine.isStopped ? nil : machine.events.last { $0.isRelease }
        released = try release.map { event in
            words.text(
                "kiosk.released_by",
                [
                    "name": try reader.workerName(event.evidence.author),
                    "time": words.date(event.evidence.moment),
                ]
            )
        }
        paperPath = "/machines/\(machine.key.id)/stop-card"
        let person = Worker(try reader.record(of: Worker.key(badge: worker)))
        mayRelease = machine.isStopped && person?.may(.release) ?? false
        releaseKey = words.text("kiosk.release_key", ["name": person?.name ?? ""])
    }
}

/// The stop card on paper.
struct StopCardPaper: Sendable {
    let text: StringTable.Sections
    let language: String
    let card: StopCardView
    let printed: String
}
