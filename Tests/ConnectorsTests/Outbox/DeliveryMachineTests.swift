import Connectors
import Tally
import Testing

@Suite struct DeliveryMachineTests {
    private static let now = Moment(milliseconds: 1_790_000_000_000)
    private static let schedule = RetrySchedule(
        delaysMilliseconds: [1_000, 60_000],
        attemptsMax: 4
    )

    static func delivery(attempts: Int, isDoubted: Bool = false) -> OutboxDelivery {
        OutboxDelivery(
            key: .derived("told", "1"),
            target: "erp",
            site: "SZ1",
            topic: "arrival_order",
            entity: .derived("order", "1"),
            payload: [],
            added: now,
            state: .sending,
            attempts: attempts,
            isDoubted: isDoubted,
            due: now
        )
    }

    private static func machine(
        attempts: Int,
        asks: Bool,
        isDoubted: Bool = false,
        isSure: Bool = true
    ) -> DeliveryMachine {
        DeliveryMachine(
            delivery(attempts: attempts, isDoubted: isDoubted),
            schedule,
            canBeAsked: asks,
            isSureOfPast: isSure
        )
    }

    @Test func `the first attempt is sent, and no repeat`() {
        for asks in [true, false] {
            var machine = Self.machine(attempts: 1, asks: asks)
            #expect(machine.begin() == .send(isRepeat: false))
            #expect(
                machine.sent(.accepted(number: "E1"), now: Self.now) == .delivered(number: "E1")
            )
        }
    }

    @Test func `a target that can be asked is asked before a repeat`() {
        var there = Self.machine(attempts: 2, asks: true)
        #expect(there.begin() == .ask)
        let found = there.asked(.there(number: "E1"), now: Self.now)
        #expect(found == .settle(.delivered(number: "E1")))

        var absent = Self.machine(attempts: 2, asks: true)
        #expect(absent.begin() == .ask)
        #expect(absent.asked(.absent, now: Self.now) == .send(isRepeat: true))
    }

    @Test func `while the target does not say, nothing is sent`() {
        var machine = Self.machine(attempts: 2, asks: true)
        _ = machine.begin()
        let failure = SendFailure(.unreachable, "away")
        let step = machine.asked(.unknown(failure), now: Self.now)
        let due = Self.now.adding(milliseconds: 60_000)
        #expect(
            step == .settle(.again(due: due, error: "outbox.unreachable", detail: "away"))
        )
    }

    @Test func `a target that cannot be asked gets it again, marked`() {
        var machine = Self.machine(attempts: 3, asks: false)
        #expect(machine.begin() == .send(isRepeat: true))
    }

    @Test func `a hub that was restored asks whoever can be asked, and marks what was open`() {
        var unsure = Self.machine(attempts: 1, asks: true, isSure: false)
        #expect(unsure.begin() == .ask)
        var doubted = Self.machine(attempts: 1, asks: false, isDoubted: true)
        #expect(doubted.begin() == .send(isRepeat: true))
    }

    @Test func `failures go by the schedule, then it is a dead letter`() {
        let failure = SendFailure(.busy, "later")
        let waits: [Int64?] = (1...4).map { attempts in
            var machine = Self.machine(attempts: attempts, asks: false)
            _ = machine.begin()
            guard case .again(let due, _, _) = machine.sent(.failed(failure), now: Self.now) else {
                return nil
            }
            return due.milliseconds - Self.now.milliseconds
        }
        #expect(waits == [1_000, 60_000, 60_000, nil])
    }

    @Test func `a target that says when is believed, unless the schedule waits longer`() {
        let waits = ([10, 5_000] as [Int64]).map { wait -> Int64 in
            var machine = Self.machine(attempts: 1, asks: false)
            _ = machine.begin()
            let failure = SendFailure(.busy, "later", waitMilliseconds: wait)
            guard case .again(let due, _, _) = machine.sent(.failed(failure), now: Self.now) else {
                return -1
            }
            return due.milliseconds - Self.now.milliseconds
        }
        #expect(waits == [1_000, 5_000])
    }

    @Test func `a refusal for good is a dead letter at once`() {
        var machine = Self.machine(attempts: 1, asks: false)
        _ = machine.begin()
        let result = machine.sent(.refused(SendFailure(.refused, "no")), now: Self.now)
        #expect(result == .dead(error: "outbox.refused", detail: "no"))
    }

    // MARK: - Limits

    @Test(arguments: [(1, 1_000), (2, 1_000), (3, 60_000), (20, 60_000), (100, 60_000), (7, 333)])
    func `no period sees more than the limit`(_ count: Int, _ period: Int64) {
        let limit = RateLimit(count: count, periodMilliseconds: period)
        var used: Int64 = 0
        var sent: [Int64] = []
        var dice = SeededDice(seed: UInt64(count))
        var now = Self.now
        for _ in 0..<2_000 {
            let left = limit.left(usedUntil: used, now: now)
            #expect((0...limit.burst).contains(left))
            if left > 0 {
                let messages = 1 + Int(dice.next() % UInt64(left))
                used = limit.spent(messages, usedUntil: used, now: now)
                sent += Array(repeating: now.milliseconds, count: messages)
            }
            now = now.adding(milliseconds: Int64(dice.next() % UInt64(max(2, period / 10))))
        }
        #expect(sent.count > 10)
        for (index, moment) in sent.enumerated() {
            let end = sent[index...].firstIndex { $0 >= moment + period } ?? sent.count
            #expect(end - index <= count)
        }
    }

    @Test func `messages go together when the limit is near, and never past it`() {
        let rate = RateLimit(count: 8, periodMilliseconds: 60_000)
        let terms = LeaseTerms(target: "robot", rate: rate, digestMax: 12)
        var used: Int64 = 0
        var sizes: [Int] = []
        while let grant = terms.grant(waiting: 12, usedUntil: used, now: Self.now) {
            used = rate.spent(grant.messages, usedUntil: used, now: Self.now)
            sizes.append(grant.deliveries)
        }
        #expect(sizes == [1, 1, 12, 12])
        let plain = LeaseTerms(target: "erp")
        #expect(plain.grant(waiting: 5, usedUntil: 0, now: Self.now)?.deliveries == 1)
        #expect(plain.grant(waiting: 0, usedUntil: 0, now: Self.now) == nil)
    }
}
