import Forms
import Inspection
import Sync
import Tally
import Workforce

extension FloorDesk {
    func inspection(_ command: FloorCommand, dice: inout some Dice) throws -> Outcome {
        switch command {
        case .beginInspection(let tag, let plateScanned, let route):
            return try begin(tag, plateScanned: plateScanned, route: route ?? "", dice: &dice)
        case .answerCheck(let id, let question, let text):
            let inspection = try inspection(id)
            let form = try form(of: inspection)
            let answer = try form.question(question).answer(reading: text)
            if case .signature(let badge) = answer,
                Worker(try reader.record(of: Worker.key(badge: badge))) == nil
            {
                throw AgentRefusal.unknownWorker(badge)
            }
            return (inspection.key, try inspection.answer(question, answer, form: form))
        case .signInspection(let id):
            let inspection = try inspection(id)
            return (inspection.key, try inspection.sign(form: try form(of: inspection)))
        default:
            preconditionFailure("\(command) is not for inspection")
        }
    }

    private var floor: Scope { Scope(site: site, area: TerminalNode.floorArea) }

    /// Begins an inspection of a machine with its usual form.
    private func begin(
        _ tag: String,
        plateScanned: Bool,
        route: String,
        dice: inout some Dice
    ) throws -> Outcome {
        let record = try reader.record(of: InspectionRoom.equipmentKey(tag, in: floor))
        let equipment = Equipment(record)
        let form = try (equipment?.registration.forms.first).flatMap { code in
            FormDefinition(try reader.record(of: FormsRoom.key(code)))
        }
        let id = Identifier.random(&dice)
        let drafts = try MachineInspection.begin(
            id,
            tag: tag,
            equipment: equipment,
            form: form,
            plateScanned: plateScanned,
            route: NaturalKey.code(route),
            localTime: now.localText(offsetSeconds: utcOffset(now))
        )
        return (InspectionRoom.inspectionKey(id, in: floor), drafts)
    }

    private func inspection(_ id: String) throws -> MachineInspection {
        let key = try key(
            InspectionRoom.EntityKind.inspection,
            area: TerminalNode.floorArea,
            id,
            field: "inspection"
        )
        guard let inspection = MachineInspection(try reader.record(of: key)) else {
            throw AgentRefusal.unknownRecord(field: "inspection", id: id)
        }
        return inspection
    }

    private func form(of inspection: MachineInspection) throws -> FormDefinition {
        try reader.form(of: inspection)
    }
}

extension EntityReader {
    /// The version of the form that an inspection was begun with.
    public func form(of inspection: MachineInspection) throws -> FormDefinition {
        let beginning = inspection.beginning
        let key = FormsRoom.key(beginning.form, version: beginning.formVersion)
        guard let form = FormDefinition(try record(of: key)) else {
            throw InspectionRefusal.unknownForm(form: beginning.form, tag: beginning.tag)
        }
        return form
    }
}

extension Moment {
    /// The date and time where the clock is so many seconds ahead of UTC:
    /// `2026-11-28T08:15:00+08:00`.
    func localText(offsetSeconds: Int) -> String {
        let shifted = Moment(milliseconds: milliseconds + Int64(offsetSeconds) * 1000)
        let minutes = abs(offsetSeconds) / 60
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(shifted.description.prefix(19))\(offsetSeconds < 0 ? "-" : "+")"
            + "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}

extension Question {
    /// An answer from what was scanned or typed.
    ///
    /// That is a number in the question's unit, `yes` or `no`, a choice by its name or its number
    /// from 1, words, a day, a code as it was read, the badge of who signs, or the SHA-256 of a
    /// photo in hexadecimal. A meter's reading may say what happened: `12.5 swap`.
    func answer(reading raw: String) throws -> Answer {
        let text = NaturalKey.number(raw)
        switch kind {
        case .integer, .decimal:
            return .quantity(try quantity(text))
        case .meter:
            let parts = text.split(separator: " ")
            guard (1...2).contains(parts.count) else { throw AgentRefusal.badNumber(text) }
            let event = parts.count == 2 ? MeterReading.Event(rawValue: String(parts[1])) : nil
            guard parts.count == 1 || event != nil else { throw AgentRefusal.badNumber(text) }
            return .meter(MeterReading(try quantity(String(parts[0])), event: event))
        case .yesNo:
            switch text.lowercased() {
            case "yes", "y", "true", "是": return .yesNo(true)
            case "no", "n", "false", "否": return .yesNo(false)
            default: throw AgentRefusal.unexpectedScan(read: text, expected: "kiosk.expects_yes_no")
            }
        case .selectOne:
            if let number = Int(text), choices.indices.contains(number - 1) {
                return .choice(choices[number - 1].name)
            }
            return .choice(text)
        case .text:
            return .text(text)
        case .date:
            return .text(CalendarDay(text)?.text ?? text)
        case .scan:
            return .text(raw)
        case .signature:
            return .signature(NaturalKey.code(raw))
        case .photo:
            guard let photo = [UInt8](hexadecimal: text).flatMap({ ContentHash(bytes: $0) }) else {
                throw AgentRefusal.unexpectedScan(read: text, expected: "kiosk.expects_photo")
            }
            return .photo(photo.bytes)
        case .note, .calculate, .repeated, .unknown:
            throw AgentRefusal.unexpectedScan(read: text, expected: "kiosk.expects_nothing")
        }
    }

    private func quantity(_ text: String) throws -> Quantity {
        guard let unit, let quantity = Quantity(text: text, unit: unit) else {
            throw AgentRefusal.badNumber(text)
        }
        return quantity
    }
}
