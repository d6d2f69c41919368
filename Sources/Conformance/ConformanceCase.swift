/// One case: what is played, and the part of PROTOCOL.md that it is about.
package struct ConformanceCase {
    /// Such as `push.repeated`; stable, so that results can be compared.
    package let name: String
    /// What has to hold, in words.
    package let rule: String
    let play: (Stage) async throws -> Void

    init(_ name: String, _ rule: String, _ play: @escaping (Stage) async throws -> Void) {
        self.name = name
        self.rule = rule
        self.play = play
    }

    /// All cases, in the order in which they are played.
    package static var all: [ConformanceCase] {
        [
            transport, enrolment, push, packs, verdicts, clocks, flaws, forgeries, pull, state,
            watch, versions, cuts,
        ].flatMap(\.self)
    }
}

/// What became of a case.
package struct CaseOutcome: Sendable {
    package let name: String
    package let rule: String
    /// What was wrong; nil when all held.
    package let failure: String?
}

/// Plays the protocol against a hub.
package enum ConformanceRun {
    /// Plays the cases one after another.
    ///
    /// - Parameters:
    ///   - cases: in an order in which the enrolment comes before what needs it.
    ///   - stage: the hub, and a code for a terminal of the cases' own.
    ///   - report: told of each as it ends.
    /// - Returns: how many failed.
    package static func play(
        _ cases: [ConformanceCase] = ConformanceCase.all,
        on stage: Stage,
        report: (CaseOutcome) -> Void
    ) async -> Int {
        var failed = 0
        for each in cases {
            var failure: String?
            do {
                try await each.play(stage)
            } catch {
                failure = String(describing: error)
                failed += 1
            }
            report(CaseOutcome(name: each.name, rule: each.rule, failure: failure))
        }
        return failed
    }
}
