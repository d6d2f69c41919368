import Agent
import Foundation
import Synchronization
import Tally

/// What people on the floor were told, and what they saw.
struct ShiftRecord: Sendable {
    /// The operations that were answered "saved".
    var saved: [String] = []
    /// The words that carry a number of their own, by whether the command with them was answered.
    var marks: [String: Bool] = [:]
    var refusals: [String: Int] = [:]
    /// Answers that should not be: neither saved nor a refusal.
    var oddities: [String] = []

    mutating func join(_ other: ShiftRecord) {
        saved += other.saved
        marks.merge(other.marks) { one, other in one || other }
        refusals.merge(other.refusals, uniquingKeysWith: +)
        oddities += other.oddities
    }
}

/// A person at a terminal: one of the three workflows, command after command.
///
/// What a command without an answer came to is unknown to the person too, so the work just goes on.
struct FloorWorker {
    enum Job: CaseIterable { case receiving, inspection, exceptions }

    private let name: String
    private let badge: String
    private let job: Job
    private var dice: SeededDice
    private let notes: Int
    private var count = 0
    /// The receipt, inspection or report in hand, and how many commands it has had.
    private var entity: String?
    private var steps = 0
    private(set) var record = ShiftRecord()

    /// - Parameters:
    ///   - name: unlike every other's; it stands in the marks.
    ///   - job: what the person does.
    ///   - notes: how many delivery notes the plant has.
    ///   - seed: for the choices.
    init(_ name: String, _ job: Job, notes: Int, seed: UInt64) {
        self.name = name
        self.job = job
        self.notes = notes
        dice = SeededDice(seed: seed)
        badge =
            switch job {
            case .receiving: "W001"
            case .inspection: "W003"
            // A team leader may write every section.
            case .exceptions: "W007"
            }
    }

    /// Works at a terminal until it no longer answers, or until told to stop.
    mutating func work(at port: Int, while goesOn: () -> Bool = { true }) {
        while goesOn() {
            guard step(at: port) else { return }
        }
    }

    /// One command; false when there was no answer.
    private mutating func step(at port: Int) -> Bool {
        struct Ask: Encodable {
            let worker: String
            let command: FloorCommand
        }
        struct Answer: Decodable {
            let saved: [String]
            let entity: String
        }
        struct Problem: Decodable { let code: String }
        let (command, mark) = next()
        if let mark { record.marks[mark] = false }
        do {
            let ask = try JSONEncoder().encode(Ask(worker: badge, command: command))
            let place = PlainHTTP.Place.port(port)
            let reply = try PlainHTTP.post("/api/v1/commands", Array(ask), at: place)
            switch reply.status {
            case 200:
                let answer = try reply.decode(Answer.self)
                record.saved += answer.saved
                if let mark { record.marks[mark] = true }
                entity = answer.entity
                steps += 1
            case 409:
                record.refusals[try reply.decode(Problem.self).code, default: 0] += 1
                entity = nil
            default:
                record.oddities.append("\(command): \(reply.status) \(reply.text)")
            }
            return true
        } catch is PlainHTTP.NoReply {
            return false
        } catch {
            record.oddities.append("\(command): \(error)")
            return true
        }
    }

    private mutating func next() -> (FloorCommand, mark: String?) {
        count += 1
        switch job {
        case .receiving: return receiving()
        case .inspection: return (inspection(), nil)
        case .exceptions: return exceptions()
        }
    }

    private var mark: String { "mark-\(name)-\(count)." }

    private mutating func receiving() -> (FloorCommand, mark: String?) {
        guard let receipt = entity, steps < 40 else {
            (entity, steps) = (nil, 0)
            let number = DaemonPlant.noteNumber(Int.random(in: 0..<notes, using: &dice))
            return (.openNote(supplier: DaemonPlant.supplier, number: number), nil)
        }
        switch Int.random(in: 0..<20, using: &dice) {
        case 0..<8:
            let quantity = String(Int.random(in: 1...40, using: &dice))
            return (.countLine(receipt: receipt, line: 2, quantity: quantity), nil)
        case 8..<16:
            let damage = FloorCommand.reportDamage(
                receipt: receipt,
                line: 4,
                quantity: "1",
                remark: mark
            )
            return (damage, mark)
        case 16..<18:
            let carton = "0690123400000000" + ["16", "23", "30", "47"][count % 4]
            return (.seeCarton(receipt: receipt, carton: carton), nil)
        case 18:
            return (.finishPart(receipt: receipt), nil)
        default:
            return (.closeReceipt(receipt: receipt), nil)
        }
    }

    private static let answers = [
        ("running", "yes"), ("oil_pressure", "0.31"), ("discharge_temperature", "85"),
        ("discharge_pressure", "0.72"), ("oil_level", "in_range"), ("oil_leak", "no"),
        ("condensate_drain", "yes"), ("inlet_filter_clean", "yes"), ("running_hours", "12345"),
    ]

    private mutating func inspection() -> FloorCommand {
        guard let inspection = entity, steps <= Self.answers.count + 1 else {
            (entity, steps) = (nil, 0)
            return .beginInspection(equipment: "AIR-01", plateScanned: true)
        }
        guard steps <= Self.answers.count else { return .signInspection(inspection: inspection) }
        let (question, answer) = Self.answers[max(0, steps - 1)]
        return .answerCheck(inspection: inspection, question: question, answer: answer)
    }

    private mutating func exceptions() -> (FloorCommand, mark: String?) {
        guard let report = entity, steps < 4 else {
            (entity, steps) = (nil, 0)
            let machine = ["INJ-01", "LAT-01", "MIL-01", "PRS-01"][count % 4]
            let raise = FloorCommand.raiseException(
                category: "quality",
                equipment: machine,
                text: mark
            )
            return (raise, mark)
        }
        if steps == 3 { return (.moveException(report: report, move: "contain"), nil) }
        let section = steps == 1 ? "responsible_team" : "containment"
        return (.editException(report: report, section: section, text: "样品已隔离 \(count)"), nil)
    }
}
