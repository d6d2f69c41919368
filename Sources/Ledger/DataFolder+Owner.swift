import Foundation
import Sync
import Tally

// Whose folder it is stands beside the database too, so that a lost database is not replaced by
// another site's.

extension DataFolder {
    private var owner: String { path + "/replica" }

    /// Throws when a database is another replica's than the folder's; a folder that says nothing
    /// takes any.
    func checkOwner(of reading: any ReplicaReading, at database: String) throws {
        guard let known = try? String(contentsOfFile: owner, encoding: .utf8),
            let found = try Replica.owner(of: reading)
        else { return }  // best effort: a new folder says nothing yet
        let name = known.filter { !$0.isWhitespace }
        guard name == found.description else {
            throw LedgerError.foreign(database, owner: name, found: found.description)
        }
    }

    /// Says in the folder whose it is, once; throws when the database is another replica's.
    ///
    /// - Parameters:
    ///   - store: the hub's.
    ///   - name: what errors call a database that is not in the folder.
    /// - Throws: ``LedgerError``, and what the store throws.
    public func keepOwner(
        of store: any AsyncReplicaStore,
        at name: String? = nil
    ) async throws {
        let path = name ?? database
        let id = try await store.read { reading in
            try self.checkOwner(of: reading, at: path)
            return try Replica.owner(of: reading)
        }
        guard let id, !FileManager.default.fileExists(atPath: owner) else { return }
        do {
            try Data((id.description + "\n").utf8)
                .write(to: URL(fileURLWithPath: owner), options: .atomic)
        } catch {
            throw LedgerError.folderUnusable(self.path, detail: error.localizedDescription)
        }
    }
}
