import Forms
import Inspection
import RoomPlant
import Tally
import Testing

@Suite struct MeterHistoryTests {
    private static let day: Int64 = 86_400_000
    private let inspection = Identifier(high: 9, low: 9)

    private func form(_ more: [String: FormNode] = [:]) throws -> FormDefinition {
        let question: [String: FormNode] = [
            "name": .text("hours"), "type": .text("meter"), "unit": .text("HUR"),
            "label": .map(["en": .text("Hours")]),
        ]
        return try FormDefinition(
            node: .map([
                "code": .text("compressor"), "version": .number("2"),
                "title": .map(["en": .text("Compressor")]),
                "questions": .list([.map(question.merging(more) { _, new in new })]),
            ])
        )
    }

    private func quantity(_ text: String) throws -> Quantity {
        try #require(Unit("HUR").flatMap { Quantity(text: text, unit: $0) })
    }

    private func reading(_ text: String, _ event: MeterReading.Event? = nil) throws -> MeterReading
    {
        MeterReading(try quantity(text), event: event)
    }

    private func evidence(day: Int64) -> Evidence {
        Evidence(
            operation: OperationID(
                replica: Identifier(high: 1, low: 1),
                incarnation: 1,
                sequence: UInt64(day + 1)
            ),
            author: "W1",
            moment: Moment(milliseconds: day * Self.day),
            timeUnsure: false,
            seen: 0,
            position: UInt64(day + 1)
        )
    }

    private func history(
        _ readings: [(String, MeterReading.Event?)],
        rollsOverAt: String? = nil
    ) throws -> MeterHistory {
        MeterHistory(
            meter: "hours",
            readings: try readings.enumerated().map { index, read in
                (evidence(day: Int64(index)), try reading(read.0, read.1))
            },
            rollsOverAt: try rollsOverAt.map(quantity)
        )
    }

    // MARK: - Totals

    @Test func `a meter's total goes on over a rollover, a swap and a reset`() throws {
        let history = try history(
            [
                ("99990.5", nil), ("99998", nil), ("3.5", .rollover), ("10", nil), ("2", .swap),
                ("8", nil), ("0", .reset), ("1.5", nil), ("1", .confirmed), ("4", nil),
            ],
            rollsOverAt: "100000"
        )
        #expect(
            history.readings.map { $0.total?.number } == [
                "0", "7.5", "13", "19.5", "21.5", "27.5", "27.5", "29", "29", "32",
            ]
        )
        #expect(history.readings.map(\.isUnexplained).filter(\.self).count == 1)
        #expect(history.readings[8].isUnexplained)
    }

    @Test func `a fall that nobody explained adds nothing and is marked`() throws {
        let history = try history([("50", nil), ("40", nil), ("45", nil)])
        #expect(history.readings.map { $0.total?.number } == ["0", "0", "5"])
        #expect(history.readings.map(\.isUnexplained) == [false, true, false])
    }

    // MARK: - Plausibility

    @Test(arguments: [
        ("100", 1.0, "good"), ("124", 1.0, "good"), ("124.1", 1.0, "fast"), ("99.9", 1.0, "fell"),
        ("112", 0.5, "good"), ("112.1", 0.5, "fast"), ("340", 10.0, "good"),
        ("9000000000000000000", 400.0, "fast"), ("100.1", -1.0, "good"), ("99", -1.0, "fell"),
    ])
    func `a reading is held against the last one`(
        _ text: String,
        _ days: Double,
        _ standing: String
    ) throws {
        let question = try form(["per_day_max": .number("24")]).question("hours")
        let history = try history([("100", nil)])
        let now = Moment(milliseconds: Int64(days * Double(Self.day)))
        let doubt = history.doubt(about: try reading(text), at: now, question: question)
        let last = try reading("100")
        switch standing {
        case "fell": #expect(doubt == .fell(last: last, at: Moment(milliseconds: 0)))
        case "fast":
            let most = try quantity("24")
            #expect(doubt == .roseTooFast(last: last, at: Moment(milliseconds: 0), most: most))
        default: #expect(doubt == nil)
        }
        for event in MeterReading.Event.allCases {
            let explained = try reading(text, event)
            #expect(history.doubt(about: explained, at: now, question: question) == nil)
        }
    }

    @Test func `a first reading is not questioned, nor any rise without a limit`() throws {
        let question = try form().question("hours")
        let now = Moment(milliseconds: 1000)
        #expect(try history([]).doubt(about: reading("5"), at: now, question: question) == nil)
        let high = try reading("900000")
        #expect(try history([("100", nil)]).doubt(about: high, at: now, question: question) == nil)
    }

    // MARK: - As it is recorded

    @Test func `readings of inspections make the machine's history, the last of each`() throws {
        var floor = try Floor()
        let form = try form()
        try floor.plant.decide(try form.publish(over: floor.form))
        try floor.plant.sync(0)
        var keys: [EntityKey] = []
        for texts in [["100", "110"], ["150"]] {
            let key = try floor.begin(on: 0, by: "W1")
            keys.append(key)
            for text in texts {
                let drafts = try floor.inspection(key, on: 0)
                    .answer("hours", .meter(reading(text)), form: form)
                try floor.plant.record(drafts, by: "W1", on: 0)
            }
        }
        try floor.plant.sync(0)
        try floor.plant.sync(1)
        let question = try form.question("hours")
        let record = try floor.plant.terminals[1].record(of: Floor.machine)
        let history = MeterHistory(record, question: question)
        #expect(history.readings.map(\.reading.quantity.number) == ["110", "150"])
        #expect(try quantity("40") == history.readings.last?.total)
        let before = MeterHistory(record, question: question, without: keys[1].id)
        #expect(before.readings.map(\.reading.quantity.number) == ["110"])
        #expect(Equipment(record)?.isStopped == false)
        #expect(InspectionRoom.flaw(.fact, "equipment.meter_read", [1, 2]) != nil)
    }
}
