import Simulator
import Sync
import Testing

/// What the command reads and writes.
@Suite struct SimulationSettingsTests {
    @Test func `a standard run is replayed by its seed alone`() {
        #expect(SimulationSettings().replay(17) == "tallyman simulate --seeds 17..17")
    }

    @Test func `a replay names everything that was not standard`() {
        var settings = SimulationSettings()
        settings.terminals = 3
        settings.days = 2
        settings.faults = [.loss, .cut]
        settings.defect = .skippedCursor
        #expect(
            settings.replay(4)
                == "tallyman simulate --seeds 4..4 --terminals 3 --days 2 --faults cut,loss "
                + "--defect skipped-cursor"
        )
        settings.faults = []
        #expect(settings.replay(4).contains("--faults none"))
        settings.faults = Fault.usual
        #expect(!settings.replay(4).contains("--faults"))
        settings.faults = Set(Fault.allCases)
        #expect(settings.replay(4).contains("--faults all"))
    }

    @Test func `faults are read by name and unknown ones refused`() {
        #expect(Fault.list("all") == Set(Fault.allCases))
        #expect(Fault.list("none") == [])
        #expect(Fault.list("usual") == Fault.usual)
        #expect(Fault.list("loss,cut") == [.loss, .cut])
        #expect(Fault.list("loss,rain") == nil)
        #expect(Fault.list("") == nil)
    }

    @Test func `seeds are a range and anything else is refused`() {
        #expect(SeedRange(text: "3..5")?.seeds == 3...5)
        #expect(SeedRange(text: "9")?.seeds == 9...9)
        for text in ["5..3", "", "..", "1..", "a..b", "1..2..3", "-1..2"] {
            #expect(SeedRange(text: text) == nil, "\(text)")
        }
    }

    @Test func `reports add up`() {
        var settings = SimulationSettings()
        settings.terminals = 1
        settings.actionsADay = 20
        var report = SimulationReport()
        let played = [Simulation.play(1, settings), Simulation.play(2, settings)]
        for one in played { report.add(one) }
        #expect(report.seeds == 2)
        #expect(report.operations == played[0].operations + played[1].operations)
        #expect(report.virtualDays > 2)
        #expect(report.violations.isEmpty)
    }
}
