import Simulator
import Sync
import Testing

/// The museum: faults that others had in the field, made anew in our code, and the seed that finds
/// each.
@Suite struct MuseumTests {
    /// An exhibit, and a run that finds it: found by trying seeds from 1 on with the faults named.
    struct Exhibit: Sendable, CustomTestStringConvertible {
        let defect: Defect
        let seed: UInt64
        let faults: Set<Fault>

        var testDescription: String { defect.rawValue }

        init(_ defect: Defect, seed: UInt64, _ faults: Fault...) {
            self.defect = defect
            self.seed = seed
            self.faults = Set(faults)
        }

        func settings(_ defect: Defect?) -> SimulationSettings {
            var settings = SimulationSettings()
            settings.terminals = 3
            settings.actionsADay = 60
            settings.faults = faults
            settings.defect = defect
            return settings
        }
    }

    static let exhibits = [
        Exhibit(.skippedCursor, seed: 1),
        Exhibit(.earlyDone, seed: 1),
        Exhibit(.adoptedDigest, seed: 1, .brokenCell),
        Exhibit(.doubleApply, seed: 1, .lostAnswer),
        Exhibit(.forgottenOnSend, seed: 1, .loss),
        Exhibit(.forgottenOnStart, seed: 3, .terminalCrash, .partition),
        Exhibit(.forgottenOnUpgrade, seed: 4, .terminalCrash, .partition, .oldProgram),
        Exhibit(.expired, seed: 2, .partition, .longAbsence),
        Exhibit(.notRetried, seed: 1, .loss),
        Exhibit(.hastyRetry, seed: 1, .refused),
        Exhibit(.lostAcknowledgement, seed: 1),
        Exhibit(.assumedAttachment, seed: 11, .photoCut),
        Exhibit(.clientReset, seed: 11, .lateTerminal, .partition),
        Exhibit(.earlyPurge, seed: 1, .hubRestored),
        Exhibit(.nonCommutativeReducer, seed: 2),
        Exhibit(.unseenConflict, seed: 12, .partition, .oneWay),
        Exhibit(.resurrection, seed: 1),
        Exhibit(.unjudgedMove, seed: 16),
        Exhibit(.lastWriterWins, seed: 1),
        Exhibit(.orderCreatedTwice, seed: 1),
        Exhibit(.toldOnce, seed: 2, .erpLostAnswer),
    ]

    @Test(arguments: exhibits)
    func `an exhibit is found, and the same seed holds without it`(_ exhibit: Exhibit) throws {
        let settings = exhibit.settings(exhibit.defect)
        let found = Self.violation(exhibit, settings)
        let violation = try #require(found, "\(settings.replay(exhibit.seed))")
        print("\(settings.replay(violation.seed)): \(violation.invariant.rawValue)")
        let sound = exhibit.settings(nil)
        let report = Simulation.play(violation.seed, sound)
        #expect(report.violation == nil, "\(sound.replay(violation.seed))")
    }

    /// What the exhibit's seed finds, or one of the next: when a room records something else, the
    /// same dice play another day.
    private static func violation(
        _ exhibit: Exhibit,
        _ settings: SimulationSettings
    ) -> Violation? {
        (exhibit.seed..<exhibit.seed + 40).lazy
            .compactMap { Simulation.play($0, settings).violation }.first
    }

    @Test func `every defect is an exhibit with a plate and a link`() {
        #expect(Self.exhibits.map(\.defect).count == Defect.allCases.count)
        #expect(Set(Self.exhibits.map(\.defect)) == Set(Defect.allCases))
        #expect(Defect.allCases.count >= 12)
        for defect in Defect.allCases {
            #expect(defect.link.hasPrefix("https://"), "\(defect.rawValue)")
            #expect(!defect.about.isEmpty)
        }
        #expect(Set(Defect.allCases.map(\.about)).count == Defect.allCases.count)
    }
}
