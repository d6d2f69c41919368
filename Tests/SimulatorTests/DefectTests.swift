import Simulator
import Sync
import Testing

/// Each wilful defect is found: the simulator's own test.
@Suite struct DefectTests {
    @Test(arguments: Defect.allCases)
    func `a defect is found within two hundred seeds`(_ defect: Defect) throws {
        var settings = SimulationSettings()
        settings.defect = defect
        let found = (1...200 as ClosedRange<UInt64>).lazy
            .compactMap { Simulation.play($0, settings).violation }.first
        let violation = try #require(found, "\(defect.rawValue) was not found")
        print(
            "\(defect.rawValue): seed \(violation.seed), step \(violation.step), "
                + "\(violation.invariant.rawValue); \(settings.replay(violation.seed))"
        )
        #expect(violation.step > 0)
    }

    @Test func `the same seed without the defect holds`() {
        let report = Simulation.play(1, SimulationSettings())
        #expect(report.violation == nil, "\(String(describing: report.violation))")
    }
}
