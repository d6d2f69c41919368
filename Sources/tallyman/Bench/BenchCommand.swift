import ArgumentParser
import Foundation
import Glibc

/// `tallyman bench`: speed, beside the raw limit of the same run.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure speed, each figure beside the raw limit measured in the same run."
    )

    enum Name: String, ExpressibleByArgument, CaseIterable {
        case commit, merge, push, pull, encode
    }

    @Argument(help: "What to measure: commit, merge, push, pull or encode.")
    var name: Name

    @Option(help: "How many operations.")
    var operations = 10_000

    @Option(help: "Where to put the files, on the disk that is to be measured.")
    var folder: String?

    @Flag(help: "One JSON object a figure.")
    var json = false

    func validate() throws {
        guard (100...1_000_000).contains(operations) else {
            throw ValidationError("--operations is 100 to 1000000")
        }
    }

    func run() async throws {
        try await Output.orExit {
            if name == .encode { return try show(EncodeBench().figures()) }
            let parent = folder ?? FileManager.default.currentDirectoryPath
            let place = parent + "/.tallyman-bench-\(getpid())"
            try FileManager.default.createDirectory(
                atPath: place,
                withIntermediateDirectories: true
            )
            // The files are this run's own.
            defer { try? FileManager.default.removeItem(atPath: place) }
            let bench = try await SyncBench(folder: place, count: operations)
            let figures =
                switch name {
                case .commit: try await CommitBench(folder: place, count: operations / 5).figures()
                case .merge: try bench.merge()
                case .push: try await bench.push()
                case .pull: try await bench.pull()
                case .encode: [BenchFigure]()
                }
            try show(figures)
        }
    }

    private func show(_ figures: [BenchFigure]) throws {
        for figure in figures {
            if json { try Output.json(figure) } else { Output.result(figure.text) }
        }
    }
}
