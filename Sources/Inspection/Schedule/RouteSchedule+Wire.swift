import Foundation
import SwiftProtobuf
import Tally

extension RouteSchedule {
    /// Reads a schedule from the words of a file.
    ///
    /// - Parameters:
    ///   - rule: of RFC 5545; empty when only running counts.
    ///   - start: the first time that the rule can give, `20261128T080000`.
    ///   - zone: a name of the IANA time zone database.
    ///   - holidays: days, `20261001`.
    ///   - shifts: each as `name 08:00-16:00`.
    ///   - running: after how much running a stop is due; nil when it does not count.
    /// - Throws: ``InspectionRefusal`` naming what cannot be read.
    public init(
        rule: String,
        start: String,
        zone: String,
        holidays: [String],
        shifts: [String],
        running: RunningHours?
    ) throws(InspectionRefusal) {
        guard let time = LocalTime(start.isEmpty && rule.isEmpty ? "20000101" : start) else {
            throw .badValue(field: "start", value: start)
        }
        guard let timeZone = TimeZone(identifier: zone) else {
            throw .badValue(field: "zone", value: zone)
        }
        var days: Set<Int> = []
        for holiday in holidays {
            guard let day = LocalTime(holiday), holiday.utf8.count == 8 else {
                throw .badValue(field: "holidays", value: holiday)
            }
            days.insert(day.day)
        }
        var read: [Shift] = []
        for shift in shifts {
            guard let shift = Shift(text: shift) else {
                throw .badValue(field: "shifts", value: shift)
            }
            read.append(shift)
        }
        guard !rule.isEmpty || running != nil else { throw .badValue(field: "rule", value: rule) }
        self.init(
            rule: rule.isEmpty ? nil : try RecurrenceRule(rule),
            start: time,
            zone: timeZone,
            holidays: days,
            shifts: read,
            running: running
        )
    }

    init(_ wire: WireSchedule) throws(InspectionRefusal) {
        var running: RunningHours?
        if !wire.meter.isEmpty {
            guard let unit = Unit(wire.everyUnit), let scale = UInt8(exactly: wire.everyScale),
                let every = Quantity(amount: wire.every, scale: scale, unit: unit)
            else { throw .badPayload(type: Route.type) }
            running = RunningHours(meter: wire.meter, every: every)
        }
        let read = try RouteSchedule(
            rule: wire.rule,
            start: wire.start,
            zone: wire.zone,
            holidays: wire.holidays,
            shifts: [],
            running: running
        )
        self.init(
            rule: read.rule,
            start: read.start,
            zone: read.zone,
            holidays: read.holidays,
            shifts: wire.shifts.map {
                Shift(name: $0.name, start: Int($0.start), end: Int($0.end))
            },
            running: running
        )
    }

    var wire: WireSchedule {
        var wire = WireSchedule()
        wire.rule = rule?.source ?? ""
        wire.start = start.text
        wire.zone = zone.identifier
        wire.holidays = holidays.sorted().map {
            String(LocalTime(day: $0, second: 0).text.prefix(8))
        }
        wire.shifts = shifts.map { shift in
            var wireShift = WireShift()
            wireShift.name = shift.name
            wireShift.start = UInt32(clamping: shift.start)
            wireShift.end = UInt32(clamping: shift.end)
            return wireShift
        }
        if let running {
            wire.meter = running.meter
            wire.every = running.every.amount
            wire.everyScale = UInt32(running.every.scale)
            wire.everyUnit = running.every.unit.code
        }
        return wire
    }
}

extension RouteSchedule.Shift {
    /// Reads `early 08:00-16:00`; nil for what is no shift.
    init?(text: String) {
        let parts = text.split(separator: " ")
        guard let hours = parts.last, parts.count >= 2 else { return nil }
        let times = hours.split(separator: "-", omittingEmptySubsequences: false).map { time in
            let numbers = time.split(separator: ":", omittingEmptySubsequences: false).map { part in
                part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
            }
            guard numbers.count == 2, let hour = numbers[0], let minute = numbers[1],
                (0...24).contains(hour), (0...59).contains(minute)
            else { return nil as Int? }
            return hour * 3600 + minute * 60
        }
        guard times.count == 2, let start = times[0], let end = times[1], start != end,
            start < 86_400, end <= 86_400
        else { return nil }
        self.init(name: parts.dropLast().joined(separator: " "), start: start, end: end)
    }
}
