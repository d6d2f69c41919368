import Foundation
import Hub
import Ledger
import LedgerPostgres
import Sync
import Tally
import Web

// Looking after the hub's records.

extension HubDesk {
    /// Replays the log and compares.
    func verified() async throws -> VerifyAnswer {
        let reducer = try await shell.read { node, _ in node.replica.reducer }
        if let ledger {
            return VerifyAnswer(
                try ledger.verify(reducer, compressor: NoteCompression.compressor),
                photos: try BlobCopies.check(ledger.blobs)
            )
        }
        guard let postgres else { preconditionFailure("a hub has a store") }
        return VerifyAnswer(try postgres.verify(reducer))
    }

    /// Copies the hub's database and photos.
    func backUp(to path: String) async throws -> HubAnswer {
        guard let ledger else { throw PostgresRefusal.onlyInFolder("backup") }
        let report = try await ledger.backup(to: path)
        let heads = Dictionary(report.scopes.map { ($0.scope, $0.head) }) { first, _ in first }
        try await shell.write { _, _, _, transaction in
            try HubReplica.noteSecured(heads, in: transaction)
        }
        let photos = try await ledger.backupBlobs(besideBackup: path)
        return .backedUp(
            path: report.path,
            bytes: report.byteCount,
            photos: PhotosAnswer(photos)
        )
    }
}

extension PostgresPieces: SharedShelf {}

extension PostgresBlobs: SharedBlobStore {}
