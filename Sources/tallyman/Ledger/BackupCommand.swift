import ArgumentParser
import Foundation
import Ledger
import LedgerPostgres
import Sync
import Tally

/// `tallyman backup`: a consistent, verified copy while work goes on.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the database to a file, verified, while the daemon runs.",
        discussion: """
            Photos go into the folder FILE.blobs beside it, which keeps those of earlier backups: \
            only new ones are copied, each checked against its SHA-256. Keep both together.
            """
    )

    @OptionGroup var data: DataOptions

    @Option(help: "The file; one that is there is replaced when the copy is whole.")
    var out: String

    func run() async throws {
        try await Output.orExit {
            struct Copied: Codable {
                let path: String
                let bytes: Int
                let photos: PhotosAnswer?
            }
            struct Reply: Codable { let backedUp: Copied }
            try LedgerFile.require(in: data.data)
            let path = URL(fileURLWithPath: out).standardizedFileURL.path
            let reply: Reply = try await Control.ask(data.data, HubRequest.backup(path: path)) {
                guard try HubPlace(folder: data.data).address() == nil else {
                    throw PostgresRefusal.onlyInFolder("backup")
                }
                let store = try LedgerStore(try DataFolder(data.data))
                let report = try store.backup(to: path)
                let heads = Dictionary(report.scopes.map { ($0.scope, $0.head) }) { one, _ in one }
                try store.write { transaction in
                    // A terminal's backup secures nothing of the hub's.
                    guard try TerminalReplica.enrolment(in: transaction) == nil else { return }
                    try HubReplica.noteSecured(heads, in: transaction)
                }
                let photos = try store.backUpBlobs(besideBackup: path)
                return Reply(
                    backedUp: Copied(
                        path: report.path,
                        bytes: report.byteCount,
                        photos: PhotosAnswer(photos)
                    )
                )
            }
            Output.result("\(reply.backedUp.path)  \(reply.backedUp.bytes) bytes, verified")
            if let photos = reply.backedUp.photos { try photos.tell(in: path) }
        }
    }
}

/// `tallyman restore`: a backup into an empty data folder.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup into a data folder that has no database yet.",
        discussion: """
            A restored hub takes a new epoch: terminals see it and send again what it lost, \
            photos too. Those of the folder FILE.blobs are put back first, each checked against \
            its SHA-256.
            """
    )

    @OptionGroup var data: DataOptions

    @Argument(help: "A file that `tallyman backup` made.")
    var file: String

    func run() async throws {
        try await Output.orExit {
            let folder = try DataFolder(data.data)
            let report = try LedgerStore.restore(file, into: folder)
            let store = try LedgerStore(folder)
            try store.write { transaction in
                var dice = SystemDice()
                _ = try HubReplica.takeNewEpoch(in: transaction, dice: &dice)
            }
            let photos = try BlobCopies.bring(
                BlobCopies.folder(besideBackup: file),
                into: store.blobs,
                by: .copy
            )
            Output.result("\(report.path)  \(report.byteCount) bytes")
            try PhotosAnswer(photos).tell(in: file)
        }
    }
}
