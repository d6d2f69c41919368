import Simulator
import Sync
import Testing

/// The simulator plays plants that hold, and plays each seed the same way.
@Suite struct SimulationTests {
    /// A smaller plant than the standard one, since debug builds are slow.
    private static var small: SimulationSettings {
        var settings = SimulationSettings()
        settings.terminals = 3
        settings.actionsADay = 60
        return settings
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `a seed with the usual faults holds`(_ seed: UInt64) {
        let report = Simulation.play(seed, Self.small)
        let replay = Self.small.replay(seed)
        #expect(report.violation == nil, "\(replay): \(String(describing: report.violation))")
        #expect(report.operations > 60)
    }

    @Test func `a plant without faults holds and has none`() {
        var settings = Self.small
        settings.faults = []
        let report = Simulation.play(7, settings)
        #expect(report.violation == nil)
        #expect(report.faults.isEmpty)
    }

    @Test(arguments: [3, 4] as [UInt64])
    func `a seed plays the same way twice`(_ seed: UInt64) {
        let report = Simulation.play(seed, Self.small)
        #expect(report == Simulation.play(seed, Self.small))
        #expect(report.trace != Simulation.play(seed + 100, Self.small).trace)
    }

    @Test func `people do everything that a terminal can do and the hub gives every verdict`() {
        let expected = [
            "receipt.opened accepted", "receipt.counted accepted", "receipt.carton_seen accepted",
            "receipt.damaged accepted", "receipt.corrected accepted",
            "receipt.part_done accepted", "receipt.settled accepted", "receipt.close accepted",
            "receipt.close rejected", "arrival_order.issued accepted", "inspection.begun accepted",
            "inspection.answered accepted", "inspection.sign accepted",
            "maintenance_order.issued accepted", "maintenance_order.take accepted",
            "maintenance_order.finish accepted", "exception_report.raised accepted",
            "exception_report.problem conflict", "exception_report.contain accepted",
            "exception_report.routed accepted", "equipment.stop accepted",
        ]
        var missing = Set(expected)
        for seed in 1...40 as ClosedRange<UInt64> where !missing.isEmpty {
            missing.subtract(Simulation.play(seed, SimulationSettings()).verdicts.keys)
        }
        #expect(missing == [])
    }

    @Test func `photos are taken and terminals start from snapshots, whatever is cut`() {
        var settings = Self.small
        settings.faults = [.photoCut, .partition, .lateTerminal, .terminalCrash, .loss]
        var all = SimulationReport()
        for seed in 1...12 as ClosedRange<UInt64> { all.add(Simulation.play(seed, settings)) }
        #expect(all.violations.isEmpty, "\(all.violations)")
        #expect(all.photos > 12)
        #expect(all.snapshots > 3)
        #expect(all.faults[.photoCut] ?? 0 > 3)
    }

    @Test func `a fault that is not allowed does not strike`() {
        var settings = Self.small
        settings.faults = [.loss, .terminalCrash]
        let struck = (1...20 as ClosedRange<UInt64>).flatMap {
            Simulation.play($0, settings).faults.keys
        }
        #expect(Set(struck) == settings.faults)
    }
}
