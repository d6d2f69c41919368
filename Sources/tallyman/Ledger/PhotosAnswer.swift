import ArgumentParser
import Ledger
import Tally

/// How the photos of a data folder or a backup stand, for people and for `--json`.
struct PhotosAnswer: Codable, Sendable {
    /// Photos, and small pictures of them, that are whole.
    let whole: Int
    let bytes: Int
    /// Of these, those that were copied now.
    let new: Int
    /// The SHA-256 of each that is not what its name says, or of which bytes are gone.
    let damaged: [String]
    let missing: [String]

    init(_ report: BlobReport) {
        whole = report.count
        bytes = report.byteCount
        new = report.newCount
        damaged = report.damaged.map(\.bytes.hexadecimal)
        missing = report.missing.map(\.bytes.hexadecimal)
    }

    var words: String { "\(whole) photo files" }

    /// A line for each that is damaged or missing.
    var losses: [String] {
        damaged.map { "photo \($0) is damaged" } + missing.map { "photo \($0) is missing" }
    }

    /// Says what was copied, and fails when something could not be.
    func tell(in path: String) throws {
        if whole + damaged.count + missing.count == 0 { return }
        Output.result("\(path).blobs  \(words), \(new) of them new, \(bytes) bytes, verified")
        for line in losses { Output.result("not copied: \(line)") }
        if !losses.isEmpty { throw ExitCode.failure }
    }
}
