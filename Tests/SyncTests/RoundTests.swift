import Sync
import Tally
import Testing

/// A hub and three terminals over a bad line: everything as bytes, in virtual time.
@Suite struct RoundTests {
    /// A terminal with its peer and its line to the hub.
    private final class Station {
        let node: TestTerminal
        var peer: TerminalPeer
        /// Answers that were given up on; they may still come.
        var late: [[UInt8]] = []

        init(_ node: TestTerminal, scopes: [Scope]) {
            self.node = node
            peer = TerminalPeer(scopes: scopes)
        }
    }

    private struct Lost: Error {}

    /// Carries a request over and its answer back; loses, repeats, cuts and delays.
    private func exchange(
        _ request: [UInt8],
        _ station: Station,
        isBad: Bool,
        dice: inout SeededDice,
        answer: ([UInt8]) throws -> [UInt8]
    ) throws -> [UInt8] {
        guard isBad else { return try answer(request) }
        if dice.once(in: 5) { throw Lost() }
        if dice.once(in: 5) { station.late.append(try answer(request)) }
        let bytes = try answer(request)
        if dice.once(in: 5) {
            station.late.append(bytes)
            throw Lost()
        }
        if dice.once(in: 8) { return Array(bytes.prefix(dice.roll(bytes.count))) }
        if dice.once(in: 8), !station.late.isEmpty {
            return station.late[dice.roll(station.late.count)]
        }
        return bytes
    }

    private func step(
        _ station: Station,
        _ hub: TestHub,
        now: UInt64,
        isBad: Bool,
        dice: inout SeededDice
    ) throws {
        let node = station.node
        do {
            switch station.peer.nextStep(now: now) {
            case .rest: return
            case .push:
                guard let request = try node.upRequest(limit: 1 + dice.roll(6)) else {
                    return station.peer.pushed(more: false, now: now)
                }
                let bytes = try exchange(
                    request.bytes(),
                    station,
                    isBad: isBad,
                    dice: &dice
                ) { try hub.answer(bytes: $0, of: request) }
                switch try node.apply(bytes, to: request) {
                case .applied(let more): station.peer.pushed(more: more, now: now)
                case .newEpoch, .stale, .renewed, .moved: station.peer.pushed(more: true, now: now)
                case .stalled: station.peer.failed(now: now, dice: &dice)
                }
            case .pull(let scope):
                let bytes = try exchange(
                    node.pullRequest(scope, limit: 1 + dice.roll(6)).bytes(),
                    station,
                    isBad: isBad,
                    dice: &dice
                ) { try hub.pull(PullRequest(bytes: $0)).bytes() }
                switch try node.apply(PullResponse(bytes: bytes)) {
                case .applied(let more): station.peer.pulled(more: more, now: now)
                case .newEpoch: station.peer.hubRestored()
                case .stale: station.peer.pulled(more: true, now: now)
                case .repaired(let refetch): station.peer.pulled(more: refetch, now: now)
                case .differs: station.peer.failed(now: now, dice: &dice)
                }
            }
        } catch is Lost {
            station.peer.failed(now: now, dice: &dice)
        } catch is SyncRefusal {
            station.peer.failed(now: now, dice: &dice)
        }
    }

    /// Records something about one of a few cartons.
    private func record(_ node: TestTerminal, dice: inout SeededDice) throws {
        let scope = dice.once(in: 3) ? Carton.floor : Carton.dock
        let key = Carton.key("\(dice.roll(3))", in: scope)
        switch dice.roll(4) {
        case 0: try node.record(Carton.seen("\(dice.roll(50))", key))
        case 1: try node.record(Carton.weighed("1", key), Carton.weighed("2", key))
        case 2:
            let bases = try node.record(of: key).bases(of: "carton.label")
            try node.record(Carton.label("\(dice.roll(5))", bases: bases, key))
        default: try node.record(Carton.move(["close", "reopen", "stop"][dice.roll(3)], key))
        }
        node.turnClock(dice: &dice)
    }

    private func expectConverged(_ hub: TestHub, _ stations: [Station], seed: UInt64) throws {
        for scope in [Carton.dock, Carton.floor] {
            for station in stations {
                let node = station.node
                #expect(try node.pushRequest() == nil, "seed \(seed): something is unsent")
                #expect(try node.digest(scope) == hub.digest(scope), "seed \(seed)")
                #expect(node.cells(scope) == hub.cells(scope), "seed \(seed)")
                #expect(try node.repairs(scope) == 0, "seed \(seed): a repair was needed")
                for name in ["0", "1", "2"] {
                    let key = Carton.key(name, in: scope)
                    let record = try node.record(of: key)
                    #expect(record == (try stations[0].node.record(of: key)), "seed \(seed)")
                }
            }
        }
    }

    @Test func `whatever the line does, all hold the same in the end and nothing is lost`() throws {
        for seed in seedBase..<seedBase + 60 {
            var dice = SeededDice(seed: seed)
            let scopes = [Carton.dock, Carton.floor]
            let hub = try TestHub(
                seed: seed,
                react: { changed, reading in
                    try changed.sorted().filter {
                        try reading.cell(.decision("carton.ruled"), of: $0) == nil
                    }.map { Carton.ruled("once", $0) }
                }
            )
            let stations = try (0..<3).map { index in
                Station(
                    try TestTerminal(seed: seed &* 100 + index, at: hub, scopes: scopes),
                    scopes: scopes
                )
            }
            var recorded: Set<OperationID> = []
            var now: UInt64 = 0
            for _ in 0..<300 {
                now += UInt64(dice.roll(800))
                let station = stations[dice.roll(3)]
                switch dice.roll(12) {
                case 0, 1:
                    try record(station.node, dice: &dice)
                    station.peer.nudge()
                case 2 where dice.once(in: 4): try station.node.restart()
                case 3 where dice.once(in: 4): try hub.restart()
                case 4 where dice.once(in: 10): try hub.takeNewEpoch()
                default: try step(station, hub, now: now, isBad: true, dice: &dice)
                }
            }
            for station in stations {
                let id = station.node.terminal.replica.id
                let log = try station.node.store.read { try $0.log(offset: 0, limit: .max) }
                recorded.formUnion(log.map(\.operation.id).filter { $0.replica == id })
            }
            for _ in 0..<600 {
                now += 700
                for station in stations {
                    try step(station, hub, now: now, isBad: false, dice: &dice)
                }
            }
            try expectConverged(hub, stations, seed: seed)
            let taken = try hub.store.read { try $0.log(offset: 0, limit: .max) }
            #expect(
                recorded.isSubset(of: Set(taken.map(\.operation.id))),
                "seed \(seed): lost"
            )
        }
    }
}

extension TestTerminal {
    /// Sets the terminal's clock to something near, now and then to something wrong.
    fileprivate func turnClock(dice: inout SeededDice) {
        let right = 1_795_248_000_000 + Int64(dice.roll(60_000))
        wall = Moment(milliseconds: dice.once(in: 8) ? Int64(dice.roll(9_000)) : right)
    }
}
