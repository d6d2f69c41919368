import Agent
import Codes
import Forms
import Inspection
import Sync
import Tally

/// A machine: what happened there in 90 days, and its meters.
struct MachinePageView: Hashable, Sendable {
    /// Something that happened.
    struct Row: Hashable, Sendable {
        let time: String
        let words: String
        let about: String
        /// `good`, `attention`, `wrong` or `calm`.
        let tone: String
    }

    let tag: String
    let name: String
    let model: String
    /// "Stopped: …"; nil when it may run.
    let stopped: String?
    let cardPath: String
    let meters: [MeterGraph]
    let rows: [Row]
    let okKey: String
    let okCommand = CommandCode.ok.text
    let stopCommand = CommandCode.stop.text
    let cancelCommand = CommandCode.cancel.text

    init(
        _ history: MachineHistory,
        inspection: Identifier?,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let machine = history.machine
        tag = machine.tag
        name = words.label(machine.registration.name)
        model = machine.registration.model
        stopped = try machine.stops.last.map { stop in
            words.text(
                "kiosk.stopped_since",
                [
                    "reason": stop.reason, "time": words.time(stop.evidence.moment),
                    "name": try reader.workerName(stop.evidence.author),
                ]
            )
        }
        cardPath = "/open/stop-card/\(machine.key.id)"
        meters = history.meters.compactMap { MeterGraph($0, since: history.since, words) }
        rows = try history.entries.map { try Row($0, reader, words) }
        okKey = words.text(inspection == nil ? "kiosk.inspect_unread_key" : "kiosk.go_on_key")
    }
}

extension MachinePageView.Row {
    fileprivate init(
        _ entry: MachineHistory.Entry,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        time = words.time(entry.moment)
        switch entry {
        case .inspected(let inspection):
            let bad = inspection.findings.count
            let count = ["count": String(bad)]
            self.words =
                !inspection.isSigned
                ? words.text("kiosk.history_unsigned", count)
                : words.text(bad == 0 ? "kiosk.history_good" : "kiosk.history_bad", count)
            about = try reader.workerName((inspection.signed ?? inspection.begun).author)
            tone = bad > 0 ? "attention" : inspection.isSigned ? "good" : "calm"
        case .ordered(let order):
            self.words = [order.number, try words.check(of: order, reader)]
                .joined(separator: " · ")
            let last = try order.steps.last.map { try reader.workerName($0.evidence.author) }
            about = [words.word("stage", order.stage.rawValue), last ?? ""]
                .filter { !$0.isEmpty }.joined(separator: " · ")
            tone = order.stage.isEnded ? "calm" : order.issue.isSevere ? "wrong" : "attention"
        case .stopped(let event):
            let facts = ["reason": event.reason]
            self.words = words.text(
                event.isRelease ? "kiosk.history_released" : "kiosk.history_stopped",
                facts
            )
            about = try reader.workerName(event.evidence.author)
            tone = event.isRelease ? "good" : "wrong"
        case .meter(let name, let reading):
            let event = reading.reading.event.map { words.word("meter", $0.rawValue) }
            self.words = [
                words.label(name), words.quantity(reading.reading.quantity),
                event ?? words.text("kiosk.history_fell"),
            ]
            .joined(separator: " · ")
            about = try reader.workerName(reading.evidence.author)
            tone = "calm"
        case .answered(let answer):
            self.words = words.text("kiosk.history_answered")
            about = try reader.workerName(answer.evidence.author)
            tone = "calm"
        }
    }
}
