import Foundation
import Imaging
import Testing

/// Reads photographs, when the environment says where some are (`TALLYMAN_SHARED`): all of the
/// manifest's, through the command that measures.
@Suite struct CorpusTests {
    private static let folder = ProcessInfo.processInfo.environment["TALLYMAN_SHARED"].map {
        $0 + "/codes"
    }

    private static var isThere: Bool {
        folder.map { FileManager.default.fileExists(atPath: $0 + "/manifest.csv") } ?? false
    }

    /// What `tallyman bench scan --json` says of a set of pictures; a rung's line has no method.
    private struct Score: Decodable {
        let set: String?
        let method: String?
        let codes: Int?
        let exact: Int?
        let wrong: Int?
        let falseReadings: Int?
    }

    private static func scores(_ folder: String) throws -> [Score] {
        let program = URL(fileURLWithPath: WorkerFixture.executable)
            .deletingLastPathComponent().appendingPathComponent("tallyman")
        let process = Process()
        process.executableURL = program
        process.arguments = [
            "bench", "scan", "--corpus", folder, "--manifest", folder + "/manifest.csv", "--json",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try data.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Score.self, from: $0)
        }
    }

    @Test(.enabled(if: isThere, "TALLYMAN_SHARED names no folder with codes/manifest.csv"))
    func `photographs are read as well as we say`() throws {
        let ours = try Self.scores(try #require(Self.folder)).filter { $0.method == "tallyman" }
        // Set: per cent of the codes that a decoder at its best must read.
        let wanted = ["boofcv, QR": 90, "zxing, QR": 95, "boofcv, many labels": 90, "lines": 100]
        var seen = 0
        for score in ours {
            let (codes, exact) = (try #require(score.codes), try #require(score.exact))
            #expect(score.wrong == 0 && score.falseReadings == 0, "\(score)")
            guard let share = score.set.flatMap({ wanted[$0] }) else { continue }
            #expect(exact * 100 >= codes * share, "\(score)")
            seen += codes
        }
        #expect(seen > 500)
        #expect(ours.contains { $0.set == "no code" })
    }
}
