import Foundation
import Imaging
import Testing

/// Reads photographs, when the environment says where some are (`TALLYMAN_SHARED`).
@Suite struct CorpusTests {
    private static let folder = ProcessInfo.processInfo.environment["TALLYMAN_SHARED"].map {
        $0 + "/codes"
    }

    private static var isThere: Bool {
        folder.map { FileManager.default.fileExists(atPath: $0 + "/manifest.csv") } ?? false
    }

    @Test(.enabled(if: isThere, "TALLYMAN_SHARED names no folder with codes/manifest.csv"))
    func `pictures without a code give none`() throws {
        let folder = try #require(Self.folder)
        let manifest = try String(contentsOfFile: folder + "/manifest.csv", encoding: .utf8)
        let files = manifest.split(separator: "\n").filter { $0.contains(",none,") }
            .compactMap { $0.split(separator: ",").first.map(String.init) }
        #expect(files.count > 10)
        let client = WorkerFixture.client()
        for file in files {
            let picture = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + file)))
            let texts = try client.read(picture: picture).symbols.map(\.text.text)
            #expect(texts == [], "\(file)")
        }
    }

    @Test(.enabled(if: isThere, "TALLYMAN_SHARED names no folder with codes/manifest.csv"))
    func `small pictures of one code are read as they should be`() throws {
        let folder = try #require(Self.folder)
        let manifest = try String(contentsOfFile: folder + "/manifest.csv", encoding: .utf8)
        var (exact, all) = (0, 0)
        let client = WorkerFixture.client()
        for row in manifest.split(separator: "\n") {
            let cells = row.split(separator: ",", omittingEmptySubsequences: false)
            // Texts with commas or quotes inside are left to the bench.
            guard cells.count == 13, cells[0].hasPrefix("zxing/"), cells[2] == "QR",
                cells[3].hasPrefix("\"\"\""), !cells[3].contains("\\")
            else { continue }
            let text = cells[3].dropFirst(3).dropLast(3)
            let file = folder + "/" + cells[0]
            let picture = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
            let texts = try client.read(
                ReadingRequest(.file(picture), milliseconds: 15_000)
            ).symbols.map(\.text.text)
            all += 1
            if texts.contains(String(text)) { exact += 1 } else { #expect(texts == [], "\(file)") }
        }
        #expect(all > 20)
        #expect(exact * 10 >= all * 9, "\(exact) of \(all)")
    }
}
