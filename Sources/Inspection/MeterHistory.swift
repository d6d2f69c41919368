import Forms
import Tally

/// What one meter of a machine showed, reading by reading, and how much it ran in all.
///
/// A meter goes up. Where it does not, a person says what happened: it rolled over, was swapped or
/// set back. A reading that does not fit is questioned and never refused, since what a meter shows
/// is a fact, and the mistake may be in the reading before.
public struct MeterHistory: Hashable, Sendable {
    /// A reading that nobody replaced.
    public struct Reading: Hashable, Sendable {
        public let evidence: Evidence
        public let reading: MeterReading
        /// How much the meter ran since the first reading; nil after a reading in another unit, or
        /// one that is too far away to be added up exactly.
        public internal(set) var total: Quantity?
        /// Whether the meter fell without anybody saying why: nothing is added for it.
        public internal(set) var isUnexplained = false
    }

    /// Why a reading is questioned.
    public enum Doubt: Hashable, Sendable {
        /// It is lower than the last one.
        case fell(last: MeterReading, at: Moment)
        /// It rose by more than the meter can in that time.
        case roseTooFast(last: MeterReading, at: Moment, most: Quantity)
    }

    static let dayMilliseconds: Int64 = 86_400_000

    /// The question that asks for it.
    public let meter: String
    /// Earliest first.
    public let readings: [Reading]

    /// Reads the history of a meter from the machine's entity.
    ///
    /// - Parameters:
    ///   - record: the machine's.
    ///   - question: the one that asks for the meter.
    ///   - inspection: one whose reading is left out, since it is about to be replaced.
    public init(_ record: EntityRecord, question: Question, without inspection: Identifier? = nil) {
        meter = question.name
        let facts = record.facts.filter { $0.type == MeterRead.type }
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
        var byInspection: [Identifier: Reading] = [:]
        for fact in facts {
            // What cannot be read is kept in the record and adds nothing here.
            guard let read = try? MeterRead(payload: fact.payload), read.meter == question.name
            else { continue }
            byInspection[read.inspection] = Reading(evidence: fact.evidence, reading: read.reading)
        }
        if let inspection { byInspection[inspection] = nil }
        readings = Self.adding(
            byInspection.values.sorted { $0.evidence.isRecordedBefore($1.evidence) },
            rollsOverAt: question.meter?.rollsOverAt
        )
    }

    /// Readings without their totals, for those that come from elsewhere.
    package init(meter: String, readings: [(Evidence, MeterReading)], rollsOverAt: Quantity?) {
        self.meter = meter
        self.readings = Self.adding(
            readings.map { Reading(evidence: $0, reading: $1) },
            rollsOverAt: rollsOverAt
        )
    }

    private static func adding(_ readings: [Reading], rollsOverAt: Quantity?) -> [Reading] {
        var added: [Reading] = []
        for var reading in readings {
            guard let last = added.last else {
                reading.total = Quantity(count: 0, unit: reading.reading.quantity.unit)
                added.append(reading)
                continue
            }
            let step = Self.step(from: last.reading, to: reading.reading, rollsOverAt)
            reading.isUnexplained = step == nil
            reading.total = last.total.flatMap { step.map($0.adding) ?? $0 }
            added.append(reading)
        }
        return added
    }

    /// How much a meter ran between two readings; nil when it fell and nobody said why.
    ///
    /// After a swap or a reset it began at zero, so that it ran at least what it shows; what it ran
    /// before, since the last reading, nobody knows.
    private static func step(
        from last: MeterReading,
        to next: MeterReading,
        _ rollsOverAt: Quantity?
    ) -> Quantity? {
        switch next.event {
        case .swap, .reset: return next.quantity
        case .rollover:
            guard let rollsOverAt else { return next.quantity }
            return rollsOverAt.subtracting(last.quantity).flatMap { $0.adding(next.quantity) }
        case .confirmed, nil:
            guard let step = next.quantity.subtracting(last.quantity), step.amount >= 0 else {
                return nil
            }
            return step
        }
    }

    // MARK: - Plausibility

    /// Why a new reading is questioned; nil when it fits, or when there is none to hold it against.
    ///
    /// - Parameters:
    ///   - reading: in the question's unit.
    ///   - now: when it is read.
    ///   - question: the one that asks.
    /// - Returns: what does not fit.
    public func doubt(
        about reading: MeterReading,
        at now: Moment,
        question: Question
    ) -> Doubt? {
        guard reading.event == nil, let last = readings.last else { return nil }
        guard let rise = reading.quantity.subtracting(last.reading.quantity) else { return nil }
        if rise.amount < 0 { return .fell(last: last.reading, at: last.evidence.moment) }
        guard let perDay = question.meter?.perDayMax else { return nil }
        // A clock that was set back gives no time at all: then only a fall is questioned.
        let elapsed = now.milliseconds - last.evidence.moment.milliseconds
        guard elapsed > 0, Self.exceeds(rise, perDay, elapsed) else { return nil }
        return .roseTooFast(last: last.reading, at: last.evidence.moment, most: perDay)
    }

    /// Whether `rise` is more than `perDay` allows in `elapsed` milliseconds, compared exactly.
    private static func exceeds(_ rise: Quantity, _ perDay: Quantity, _ elapsed: Int64) -> Bool {
        func ten(_ exponent: UInt8) -> Int128 {
            (0..<exponent).reduce(1) { product, _ in product * 10 }
        }
        let (run, overflow) = (Int128(rise.amount) * ten(perDay.scale))
            .multipliedReportingOverflow(by: Int128(dayMilliseconds))
        let (most, mostOverflow) = (Int128(perDay.amount) * ten(rise.scale))
            .multipliedReportingOverflow(by: Int128(elapsed))
        return overflow || !mostOverflow && run > most
    }
}
