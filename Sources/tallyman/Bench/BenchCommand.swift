import ArgumentParser
import Foundation
import Glibc
import LedgerPostgres

/// `tallyman bench`: speed, beside the raw limit of the same run.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure speed, each figure beside the raw limit measured in the same run."
    )

    enum Name: String, ExpressibleByArgument, CaseIterable {
        case commit, merge, push, pull, encode, scan, frames
        case snapshot, round, repair, framing, ingest
    }

    @Argument(
        help: """
            What to measure: commit, merge, push, pull, snapshot, round, repair, framing, encode, \
            scan, frames or ingest.
            """
    )
    var name: Name

    @Option(help: "How many operations.")
    var operations = 10_000

    @Option(help: "How many rows in the scope, for snapshot, round and repair.")
    var rows = 100_000

    @Option(help: "Where to put the files, on the disk that is to be measured.")
    var folder: String?

    @Option(help: "scan: the folder of pictures.")
    var corpus: String?

    @Option(help: "scan: what the pictures' codes say, as CSV.")
    var manifest: String?

    @Option(help: "ingest: an empty PostgreSQL database, postgres://USER@HOST:PORT/DATABASE.")
    var database: String?

    @Option(help: "frames: how many frames.")
    var frames = 10_000

    @Flag(help: "One JSON object a figure.")
    var json = false

    func validate() throws {
        guard (100...1_000_000).contains(operations) else {
            throw ValidationError("--operations is 100 to 1000000")
        }
        guard (100...10_000_000).contains(frames) else {
            throw ValidationError("--frames is 100 to 10000000")
        }
        guard name != .scan || corpus != nil && manifest != nil else {
            throw ValidationError("scan needs --corpus and --manifest")
        }
        guard name != .ingest || database != nil else {
            throw ValidationError("ingest needs --database")
        }
        guard (6_000...10_000_000).contains(rows) else {
            throw ValidationError("--rows is 6000 to 10000000")
        }
    }

    func run() async throws {
        try await Output.orExit {
            switch name {
            case .framing: return try show(FramingBench(count: operations).figures())
            case .ingest:
                let address = try DatabaseAddress(database ?? "")
                return try show(PostgresBench(address: address, count: operations).ingest())
            case .encode: return try show(EncodeBench().figures())
            case .scan: return try scan()
            case .frames:
                let answer = try FramesBench(count: frames).run()
                if json { try Output.json(answer) } else { Output.result(answer.text) }
                return
            case .commit, .merge, .push, .pull, .snapshot, .round, .repair: break
            }
            let parent = folder ?? FileManager.default.currentDirectoryPath
            let place = parent + "/.tallyman-bench-\(getpid())"
            try FileManager.default.createDirectory(
                atPath: place,
                withIntermediateDirectories: true
            )
            // The files are this run's own.
            defer { try? FileManager.default.removeItem(atPath: place) }
            let bench = try await SyncBench(folder: place, count: operations)
            let state = StateBench(folder: place, rows: rows)
            let figures =
                switch name {
                case .commit: try await CommitBench(folder: place, count: operations / 5).figures()
                case .merge: try bench.merge()
                case .push: try await bench.push()
                case .pull: try await bench.pull()
                case .snapshot: try await state.snapshot()
                case .round: try await state.round()
                case .repair: try await state.repair()
                case .encode, .scan, .frames, .framing, .ingest: [BenchFigure]()
                }
            try show(figures)
        }
    }

    private func show(_ figures: [BenchFigure]) throws {
        for figure in figures {
            if json { try Output.json(figure) } else { Output.result(figure.text) }
        }
    }

    private func scan() throws {
        let corpus = try ScanCorpus(manifest: manifest ?? "")
        let answer = try ScanBench(corpus: corpus, folder: self.corpus ?? "").run()
        for text in answer.wrong { Output.talk("should not have been read: \(text)") }
        if json {
            for score in answer.scores { try Output.json(score) }
            for rung in answer.rungs { try Output.json(rung) }
        } else {
            for score in answer.scores { Output.result(score.text) }
            for rung in answer.rungs { Output.result(rung.text) }
        }
    }
}
