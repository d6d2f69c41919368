import ArgumentParser
import Foundation
import Hub
import Ledger
import LedgerPostgres
import Sync
import Tally

/// What came of a verification, for people and for `--json`.
struct VerifyAnswer: Codable, Sendable {
    let sound: Bool
    let operations: Int
    let cells: Int
    /// By scope: the last position and the digest.
    let scopes: [String: HubAnswer.ScopeState]
    /// The code and facts of the first difference.
    let difference: String?
    let differenceText: String?
    let photos: PhotosAnswer?

    init(_ report: VerifyReport, photos: BlobReport) {
        sound = report.isSound && photos.isSound
        self.photos = PhotosAnswer(photos)
        operations = report.operationCount
        cells = report.cellCount
        let states = report.scopes.map { scope in
            (
                scope.scope.description,
                HubAnswer.ScopeState(position: scope.head, digest: scope.digest.description)
            )
        }
        scopes = Dictionary(states) { first, _ in first }
        difference = report.difference?.plainText
        differenceText = report.difference.map { Texts.shared.problem($0) }
    }

    init(_ report: PostgresReport) {
        sound = report.difference == nil
        photos = nil
        operations = report.operationCount
        cells = report.cellCount
        let states = report.scopes.map { scope, state in
            (
                scope.description,
                HubAnswer.ScopeState(position: state.head, digest: state.digest.description)
            )
        }
        scopes = Dictionary(states) { first, _ in first }
        difference = report.difference?.plainText
        differenceText = report.difference.map { Texts.shared.problem($0) }
    }
}

/// `tallyman verify`: replays a log from nothing and holds it against the state.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Replay the operation log from nothing and compare state, digests and chains."
    )

    @OptionGroup var data: DataOptions

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        try await Output.orExit {
            try LedgerFile.require(in: data.data)
            let answer = try await verified()
            if json {
                try Output.json(answer)
            } else if answer.sound {
                let photos = answer.photos.map { ", \($0.words)" } ?? ""
                Output.result(
                    "sound: \(answer.operations) operations, \(answer.cells) cells\(photos)"
                )
                for (scope, state) in answer.scopes.sorted(by: { $0.key < $1.key }) {
                    Output.result("  \(scope)  position \(state.position)  digest \(state.digest)")
                }
            } else {
                let difference = answer.differenceText ?? answer.difference
                if let difference { Output.result("differs: \(difference)") }
                for line in answer.photos?.losses ?? [] { Output.result("differs: \(line)") }
            }
            if !answer.sound { throw ExitCode.failure }
        }
    }

    /// A hub's and a terminal's daemon answer the same request in the same form.
    func verified() async throws -> VerifyAnswer {
        struct Reply: Codable { let verified: [String: VerifyAnswer] }
        let reply: Reply = try await Control.ask(data.data, HubRequest.verify) {
            let place = HubPlace(folder: data.data)
            if try place.address() != nil {
                let desk = try await HubDesk.open(place)
                defer { desk.postgres?.close() }
                return Reply(verified: ["_0": try await desk.verified()])
            }
            let store = try LedgerStore(try DataFolder(data.data))
            let answer = VerifyAnswer(
                try store.verify(
                    Reducer(PlantVocabulary.all),
                    compressor: NoteCompression.compressor
                ),
                photos: try BlobCopies.check(store.blobs)
            )
            return Reply(verified: ["_0": answer])
        }
        guard let answer = reply.verified["_0"] else { throw ExitCode.failure }
        return answer
    }
}

/// The database file of a data folder.
enum LedgerFile {
    /// A command that only looks does not make a folder that is not there.
    static func require(in folder: String) throws {
        // A hub's in PostgreSQL says by itself whether it is there.
        if try HubPlace(folder: folder).address() != nil { return }
        let path = URL(fileURLWithPath: folder).appending(path: "tallyman.sqlite").path
        guard FileManager.default.fileExists(atPath: path) else {
            throw FileTrouble(path: path, reason: "there is no such database")
        }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        guard size?.intValue != 0 else {
            throw FileTrouble(
                path: path,
                reason: "the database is empty: it was cut, or never made"
            )
        }
    }
}
