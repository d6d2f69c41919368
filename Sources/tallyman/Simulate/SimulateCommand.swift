import ArgumentParser
import Foundation
import Glibc
import Simulator
import Sync

/// `tallyman simulate`: whole plants in virtual time, under faults.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play whole plants in virtual time under faults, and check that nothing breaks.",
        discussion: """
            A seed plays the same way every time. Exit code 1, and the command that plays it \
            again, when an invariant did not hold. Faults: \
            \(Fault.allCases.map(\.rawValue).joined(separator: ", ")).
            """
    )

    @Option(help: "Seeds A..B, both included.")
    var seeds = "1..10"

    @Option(help: "Terminals of a plant, 1 to 100.")
    var terminals = SimulationSettings().terminals

    @Option(help: "Virtual days of a seed, 1 to 365.")
    var days = SimulationSettings().days

    @Option(help: "What people do at a terminal in a day, 1 to 10000.")
    var operations = SimulationSettings().actionsADay

    @Option(help: "What may go wrong: usual, all, none, or names separated by commas.")
    var faults = "usual"

    @Option(help: "Play with a wilful defect, to see that it is found; list shows them.")
    var defect: String?

    @Option(
        help: """
            Instead of seeds: every history of so many operations, 1 to 5, of two terminals and a \
            hub, held against a plain model.
            """
    )
    var exhaustive: Int?

    @Option(help: "The most histories of --exhaustive.")
    var budget = Int.max

    @Flag(help: "One JSON object; with --defect list, one a line.")
    var json = false

    func validate() throws {
        guard SeedRange(text: seeds) != nil else {
            throw ValidationError("--seeds is A..B, such as 1..200, not '\(seeds)'")
        }
        guard (1...100).contains(terminals) else {
            throw ValidationError("--terminals is 1 to 100, not \(terminals)")
        }
        guard (1...365).contains(days) else {
            throw ValidationError("--days is 1 to 365, not \(days)")
        }
        guard (1...10_000).contains(operations) else {
            throw ValidationError("--operations is 1 to 10000, not \(operations)")
        }
        guard exhaustive.map({ (1...5).contains($0) }) ?? true, budget > 0 else {
            throw ValidationError("--exhaustive is 1 to 5, and --budget at least 1")
        }
        guard Fault.list(faults) != nil else {
            throw ValidationError("--faults '\(faults)' names a fault that there is not")
        }
        guard defect.map({ $0 == "list" || Defect(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("--defect list shows the defects; '\(defect ?? "")' is none")
        }
    }

    func run() async throws {
        if defect == "list" { return try listDefects() }
        if let exhaustive { return try playAll(of: exhaustive) }
        guard let range = SeedRange(text: seeds), let allowed = Fault.list(faults) else {
            preconditionFailure("validated before")
        }
        var settings = SimulationSettings()
        settings.terminals = terminals
        settings.days = days
        settings.actionsADay = operations
        settings.faults = allowed
        settings.defect = defect.flatMap(Defect.init(rawValue:))
        let clock = ContinuousClock()
        let start = clock.now
        let report = await play(range.seeds, settings)
        try show(report, took: clock.now - start)
        for violation in report.violations {
            Output.talk(
                """
                seed \(violation.seed), step \(violation.step): \(violation.invariant.rawValue): \
                \(violation.invariant.rule). \(violation.detail)
                \(settings.replay(violation.seed))
                """
            )
        }
        if !report.violations.isEmpty { throw ExitCode.failure }
    }

    /// Plays the seeds, as many at a time as there are processors.
    ///
    /// Reports are added in the order of the seeds, so that the outcome does not depend on which is
    /// done first.
    private func play(
        _ seeds: ClosedRange<UInt64>,
        _ settings: SimulationSettings
    ) async -> SimulationReport {
        var report = SimulationReport()
        let width = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        var next: UInt64? = seeds.lowerBound
        while let first = next {
            let last = seeds.upperBound - first < width ? seeds.upperBound : first + width - 1
            next = last == seeds.upperBound ? nil : last + 1
            let played = await withTaskGroup(of: SeedReport.self) { group in
                for seed in first...last {
                    group.addTask { Simulation.play(seed, settings) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for one in played.sorted(by: { $0.seed < $1.seed }) {
                report.add(one)
                if settings.defect != nil, one.violation != nil { return report }
            }
            tellProgress(report, upTo: last, of: seeds)
        }
        return report
    }

    private func tellProgress(
        _ report: SimulationReport,
        upTo seed: UInt64,
        of seeds: ClosedRange<UInt64>
    ) {
        let isLast = seed == seeds.upperBound
        let line =
            "seed \(seed) of \(seeds.lowerBound)..\(seeds.upperBound): "
            + "\(report.operations) operations, \(report.violations.count) violations"
        if isatty(STDERR_FILENO) == 1 {
            let end = isLast ? "\n" : ""
            FileHandle.standardError.write(Data(("\r" + line + end).utf8))
        } else if isLast {
            Output.talk(line)
        }
    }

    // MARK: - Output

    private struct Report: Encodable {
        struct Violation: Encodable {
            let seed: UInt64
            let invariant: String
            let step: Int
            let detail: String
        }

        let seeds: Int
        let operations: Int
        let photos: Int
        let snapshots: Int
        let letGo: Int
        let faults: [String: Int]
        let virtualDays: Double
        let wallSeconds: Double
        /// Virtual time by the wall's, all processors together.
        let timesRealTime: Double
        let violations: [Violation]
    }

    private struct ExhaustiveReport: Encodable {
        let operations: Int
        let histories: Int
        let steps: Int
        let isCut: Bool
        let difference: String?
    }

    private struct DefectLine: Encodable {
        let name: String
        let about: String
        let link: String
    }

    private func show(_ report: SimulationReport, took duration: Duration) throws {
        let seconds = duration / .seconds(1)
        let speed = (report.virtualDays * 86_400 / seconds).rounded()
        let faults = report.faults.map { ($0.key.rawValue, $0.value) }
        if json {
            return try Output.json(
                Report(
                    seeds: report.seeds,
                    operations: report.operations,
                    photos: report.photos,
                    snapshots: report.snapshots,
                    letGo: report.letGo,
                    faults: Dictionary(faults) { $0 + $1 },
                    virtualDays: report.virtualDays,
                    wallSeconds: seconds,
                    timesRealTime: speed,
                    violations: report.violations.map {
                        Report.Violation(
                            seed: $0.seed,
                            invariant: $0.invariant.rawValue,
                            step: $0.step,
                            detail: $0.detail
                        )
                    }
                )
            )
        }
        Output.result(
            "\(report.seeds) seeds, \(report.operations) operations, "
                + "\(Int(report.virtualDays)) virtual days (\(Int(speed)) times real time), "
                + "\(report.violations.count) violations"
        )
        Output.result(
            "times: \(report.times.sure) sure and right to 2 s, "
                + "\(report.times.unsure) said to be unsure"
        )
        Output.result("  \(report.photos) photos, \(report.snapshots) starts from a snapshot")
        Output.result("  \(report.letGo) old operations let go at terminals")
        for (name, count) in faults.sorted(by: { $0.0 < $1.0 }) {
            Output.result("  \(name): \(count)")
        }
    }

    /// Plays every history of a small scope.
    private func playAll(of operations: Int) throws {
        let report = try SmallScope.play(
            operations: operations,
            budget: budget,
            defect: defect.flatMap(Defect.init(rawValue:))
        )
        if json {
            try Output.json(
                ExhaustiveReport(
                    operations: operations,
                    histories: report.histories,
                    steps: report.steps,
                    isCut: report.isCut,
                    difference: report.difference
                )
            )
        } else {
            Output.result(
                "\(report.histories) histories of \(operations) operations, "
                    + "\(report.steps) steps"
                    + (report.isCut ? ", cut by the budget" : ", which are all there are")
            )
        }
        if let difference = report.difference {
            Output.talk(difference)
            throw ExitCode.failure
        }
    }

    private func listDefects() throws {
        for defect in Defect.allCases {
            if json {
                let line = DefectLine(
                    name: defect.rawValue,
                    about: defect.about,
                    link: defect.link
                )
                try Output.json(line)
            } else {
                Output.result("\(defect.rawValue): \(defect.about) (\(defect.link))")
            }
        }
    }
}
