import Sync
import Tally
import Testing

/// True times from a monotonic clock, whatever the wall clock says.
@Suite struct ClockFixesTests {
    private static let hub = Moment(milliseconds: 1_795_000_000_000)

    private static func reading(_ monotonic: UInt64, boot: UInt64 = 7) -> ClockReading {
        ClockReading(
            wall: Moment(milliseconds: 0),
            boot: boot,
            monotonicMilliseconds: monotonic
        )
    }

    @Test func `an offset is bounded by when the request went and the answer came`() throws {
        var fixes = ClockFixes()
        #expect(fixes.isStale(at: Self.reading(0)))
        fixes.note(hub: Self.hub, sent: 10_000, reading: Self.reading(10_400))
        let time = try #require(fixes.time(of: Self.reading(10_200)))
        #expect(time.moment == Self.hub)
        #expect((200...203).contains(time.within))
        let earlier = try #require(fixes.time(of: Self.reading(0)))
        #expect(earlier.moment == Self.hub.adding(milliseconds: -10_200))
        #expect(!fixes.isStale(at: Self.reading(10_500)))
        #expect(fixes.isStale(at: Self.reading(610_401)))
    }

    @Test func `nothing is said of a boot in which the hub was never asked`() {
        var fixes = ClockFixes()
        fixes.note(hub: Self.hub, sent: 0, reading: Self.reading(20))
        #expect(fixes.time(of: Self.reading(10, boot: 8)) == nil)
        #expect(fixes.isStale(at: Self.reading(30, boot: 8)))
    }

    @Test func `a slow way widens and a quick one narrows, and both hold`() throws {
        var fixes = ClockFixes()
        fixes.note(hub: Self.hub, sent: 0, reading: Self.reading(9_000))
        #expect(try #require(fixes.time(of: Self.reading(9_000))).within >= 4_500)
        let later = Self.hub.adding(milliseconds: 9_500)
        fixes.note(hub: later, sent: 14_000, reading: Self.reading(14_040))
        #expect(try #require(fixes.time(of: Self.reading(100))).within <= 25)
    }

    @Test func `a hub whose clock was set is believed as it is now`() throws {
        var fixes = ClockFixes()
        fixes.note(hub: Self.hub, sent: 0, reading: Self.reading(10))
        let back = Self.hub.adding(milliseconds: -86_400_000)
        fixes.note(hub: back, sent: 60_000, reading: Self.reading(60_010))
        let time = try #require(fixes.time(of: Self.reading(60_005)))
        #expect(abs(time.moment.milliseconds - back.milliseconds) <= 6)
    }

    @Test func `answers that cannot be are learned nothing from`() {
        var fixes = ClockFixes()
        fixes.note(hub: Self.hub, sent: 11, reading: Self.reading(10))
        fixes.note(hub: nil, sent: 0, reading: Self.reading(10))
        fixes.note(hub: Moment(milliseconds: .max), sent: 0, reading: Self.reading(10))
        fixes.note(hub: Moment(milliseconds: .min + 1), sent: 0, reading: Self.reading(10))
        fixes.note(hub: Self.hub, sent: 0, reading: Self.reading(.max))
        #expect(fixes.fixes.isEmpty)
        #expect(fixes.time(of: Self.reading(.max)) == nil)
    }

    /// Crystals, ways and absences of every kind: the true time is always within what is said.
    @Test func `what is said of a time holds, for any crystal, way and absence`() throws {
        for seed in seedBase..<seedBase + 200 {
            var dice = SeededDice(seed: seed)
            var fixes = ClockFixes()
            let pace = Int64(dice.next() % 199) - 99
            func monotonic(_ now: Int64) -> UInt64 { UInt64(now + now * pace / 1_000_000) }
            var now = Int64(dice.next() % 1_000_000)
            var recorded: [Int64] = []
            for _ in 0..<60 {
                // Minutes, hours, or days away from the hub.
                let rests: [UInt64] = [60_000, 3_600_000, 259_200_000]
                now += Int64(dice.next() % rests[Int(dice.next() % 3)])
                recorded.append(now)
                guard dice.next() % 3 == 0 else { continue }
                let sent = monotonic(now)
                let there = now + Int64(dice.next() % 3_000)
                now = there + Int64(dice.next() % 3_000)
                fixes.note(
                    hub: Self.hub.adding(milliseconds: there),
                    sent: sent,
                    reading: Self.reading(monotonic(now))
                )
                #expect(fixes.fixes.count <= ClockFixes.countMax)
                for moment in recorded {
                    let time = fixes.time(of: Self.reading(monotonic(moment)))
                    let said = try #require(time).moment.milliseconds - Self.hub.milliseconds
                    #expect(
                        abs(said - moment) <= Int64(try #require(time).within) + 1,
                        "seed \(seed): crystal \(pace), at \(moment) of \(now)"
                    )
                }
                recorded.removeAll()
            }
        }
    }

    @Test func `a machine that booted in 1970 has true times once it knows the hub`() throws {
        let hub = try TestHub()
        let terminal = try TestTerminal(seed: 3, at: hub)
        let now = hub.reading.wall
        func clocks(_ monotonic: UInt64) -> ClockReading {
            ClockReading(
                wall: Moment(milliseconds: Int64(monotonic)),
                boot: 5,
                monotonicMilliseconds: monotonic
            )
        }
        let early = try terminal.record(Carton.seen("early"), at: clocks(1_000))[0].id
        // An hour later the network is there, with the hub's time between these two.
        var at = clocks(3_601_000)
        var sent: [Int] = []
        while let request = try terminal.store.read({
            try terminal.terminal.pushRequest(in: $0, at: at)
        }) {
            sent.append(request.operations.count)
            let answer = try PushResponse(bytes: try hub.answer(.push(request)))
            at = clocks(at.monotonicMilliseconds + 20)
            _ = try terminal.store.write {
                try terminal.terminal.apply(answer, to: request, at: at, in: $0)
            }
        }
        #expect(sent == [0, 1], "first it asks for the time")
        let judgement = try hub.store.read { try $0.operation(early)?.judgement }
        let expected = now.adding(milliseconds: -3_600_000)
        let word = try #require(judgement)
        #expect(abs(word.effective.milliseconds - expected.milliseconds) <= 400)
        #expect(!word.timeUnsure)
        #expect(word.effectiveStamp >= HybridStamp(expected.adding(milliseconds: -400)))
    }

    @Test func `a terminal knows what time it is, whatever its wall clock says`() throws {
        let hub = try TestHub()
        let terminal = try TestTerminal(seed: 4, at: hub)
        func now(_ clocks: ClockReading) throws -> Moment {
            try terminal.store.read { try ClockFixes.now(clocks, in: $0) }
        }
        func clocks(_ wall: Moment) -> ClockReading {
            ClockReading(wall: wall, boot: 9, monotonicMilliseconds: 5_000)
        }
        let year = Moment(milliseconds: hub.wall.milliseconds + 365 * 86_400_000)
        // Nothing is known yet: the wall clock is as good as anything.
        #expect(try now(clocks(year)) == year)
        try terminal.record(Carton.seen("seen"))
        try terminal.push(to: hub)
        try terminal.pull(from: hub)
        // It is later than what was seen, so it is not 1970.
        #expect(try now(Self.reading(5_000)) >= hub.wall)
        var fixes = ClockFixes()
        fixes.note(hub: hub.wall, sent: 5_000, reading: clocks(year))
        try terminal.store.write { try fixes.keep(in: $0) }
        #expect(abs(try now(clocks(year)).milliseconds - hub.wall.milliseconds) <= 2)
        let early = clocks(Moment(milliseconds: 0))
        #expect(abs(try now(early).milliseconds - hub.wall.milliseconds) <= 2)
    }
}
