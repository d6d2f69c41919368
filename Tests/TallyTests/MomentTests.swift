import Foundation
import Tally
import Testing

@Suite struct MomentTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_248_000_000, "2026-11-21T08:00:00.000Z"),
            (1_795_248_000_001, "2026-11-21T08:00:00.001Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)]
    )
    func `a moment is shown in universal time with milliseconds`(
        milliseconds: Int64,
        text: String
    ) {
        #expect(Moment(milliseconds: milliseconds).description == text)
    }

    @Test func `every millisecond of a second is shown as it is`() {
        for millisecond in 0..<1000 {
            let moment = Moment(milliseconds: 1_795_248_000_000 + Int64(millisecond))
            let digits = String(1000 + millisecond).dropFirst()
            #expect(moment.description == "2026-11-21T08:00:00.\(digits)Z")
        }
    }

    @Test func `the text agrees with the calendar of the system`() {
        let style = Date.ISO8601FormatStyle()
        for seed in seedBase..<seedBase + 500 {
            var dice = SeededDice(seed: seed)
            let seconds = Int64(dice.roll(8_000_000_000)) - 2_000_000_000
            let date = Date(timeIntervalSince1970: Double(seconds))
            let shown = Moment(milliseconds: seconds * 1000).description
            #expect(shown == date.formatted(style).dropLast() + ".000Z", "seed \(seed)")
        }
    }

    @Test func `moments at the ends of the range are shown and added to without a crash`() {
        for moment in [Moment(milliseconds: .max), Moment(milliseconds: .min)] {
            #expect(moment.description.hasSuffix("Z"))
            #expect(moment.adding(milliseconds: moment.milliseconds) == moment)
        }
        #expect(Moment(milliseconds: 1).adding(milliseconds: -2) == Moment(milliseconds: -1))
    }
}
