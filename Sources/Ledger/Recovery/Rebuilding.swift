import Foundation
import GRDB
import Sync
import Tally

/// Makes a database anew from what else is here.
///
/// That is the second journal, the daily copy, and what can still be read of the damaged one. The
/// rest comes from the hub.
struct Rebuilding {
    private let opening: LedgerOpening
    private let content: JournalContent
    private var folder: DataFolder { opening.folder }

    init(_ opening: LedgerOpening, _ content: JournalContent) {
        self.opening = opening
        self.content = content
    }

    /// What a rebuilt database is filled with.
    struct Found {
        let finding: StoreDamage.Finding
        let detail: String
        let movedTo: String?
        let salvage: Salvage
    }

    /// Moves the damaged files aside and puts the daily copy in their place, if it is sound.
    ///
    /// - Parameters:
    ///   - finding: what was found.
    ///   - detail: what the program saw.
    ///   - original: thrown when nothing is known of the replica; the files are back then.
    /// - Returns: with what to fill the database that is opened next.
    /// - Throws: ``LedgerError``.
    func run(
        _ finding: StoreDamage.Finding,
        _ detail: String,
        or original: (any Error)?
    ) throws -> Found {
        let aside = try Aside(folder, now: opening.options.now(), disk: opening.options.disk)
        let database = "tallyman.sqlite"
        let moved = try aside.move([database, database + "-wal", database + "-shm"])
        let salvage = moved ? Salvage(aside.path + "/tallyman.sqlite") : Salvage()
        let hasCopy = try placeCopy(aside)
        let key = Setting.privateKey.text
        guard content.settings[key] != nil || salvage.settings[key] != nil || hasCopy else {
            try aside.moveBack()
            throw original ?? LedgerError.unreadable(folder.database, detail: detail)
        }
        return Found(
            finding: finding,
            detail: detail,
            movedTo: moved ? aside.path : nil,
            salvage: salvage
        )
    }

    private func placeCopy(_ aside: Aside) throws -> Bool {
        guard FileIdentity(opening.copyPath) != nil else { return false }
        do {
            try LedgerStore.restore(opening.copyPath, into: folder)
            return true
        } catch LedgerError.diskFull(let path) {
            throw LedgerError.diskFull(path)
        } catch {
            // The copy is damaged too; the hub has what it held.
            _ = try aside.move(["copy.sqlite"])
            return false
        }
    }

    /// Gives a database that was just made what is known of the replica and its records.
    func fill(_ pool: DatabasePool, _ found: Found) throws {
        try LedgerError.translating(folder.database) {
            try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try fill(database, found)
                    return .commit
                }
            }
        }
    }

    private func fill(_ database: Database, _ found: Found) throws {
        let transaction = LedgerTransaction(database)
        try restoreSettings(found.salvage, transaction)
        try transaction.flush()
        let salvaged = found.salvage.operations.filter { !content.holds($0.operation.id) }
        let own = (content.operations + salvaged).filter(try OwnOperations(database).isOwn)
        let missing = try own.filter { try transaction.operation($0.operation.id) == nil }
        // All of them, so that the chain goes on from the newest wherever it was.
        try Recovered.add(own, to: transaction)
        try transaction.set(Reconciliation.mark, to: [1])
        try transaction.flush()
        try StoreDamage(
            found.finding,
            found: opening.options.now(),
            detail: found.detail,
            movedTo: found.movedTo,
            recovered: missing.count
        ).save(database)
    }

    /// The journal's settings win over the copy's and the salvaged ones, unless the copy is of
    /// another epoch of the hub: its cursors go with its own, and the hub tells of the new one.
    private func restoreSettings(_ salvage: Salvage, _ transaction: LedgerTransaction) throws {
        let known = content.settings.merging(salvage.settings) { journaled, _ in journaled }
            .filter { !content.removed.contains($0.key) }
        for text in content.removed.sorted() {
            try transaction.set(SettingKey(text), to: nil)
        }
        let epoch = Setting.epoch
        let there = try transaction.setting(epoch)
        let isOther = there != nil && there != known[epoch.text]
        for (text, value) in known.sorted(by: { $0.key < $1.key }) {
            let key = SettingKey(text)
            guard KeptSetting.isKept(key), !(isOther && key == epoch) else { continue }
            try transaction.set(key, to: value)
        }
    }
}

/// A folder for files that are damaged: kept for a person, never deleted.
struct Aside {
    let path: String
    private let folder: DataFolder
    private let disk: any Disk
    private let moved: Moved

    /// What was moved, to be moved back.
    private final class Moved { var names: [String] = [] }

    /// The folder of a data folder that holds them all.
    static func parent(of folder: DataFolder) -> String { folder.path + "/damaged" }

    init(_ folder: DataFolder, now: Moment, disk: any Disk) throws {
        let stamp = now.description.filter(\.isNumber).prefix(14)
        var path = Self.parent(of: folder) + "/\(stamp)"
        var number = 1
        while FileIdentity(path) != nil {
            number += 1
            path = Self.parent(of: folder) + "/\(stamp)-\(number)"
        }
        self.path = path
        self.folder = folder
        self.disk = disk
        moved = Moved()
    }

    /// Moves files of the data folder here.
    ///
    /// - Parameter names: those that are not there are passed over.
    /// - Returns: whether any was there.
    /// - Throws: ``LedgerError``.
    func move(_ names: [String]) throws -> Bool {
        let there = names.filter { FileIdentity(folder.path + "/" + $0) != nil }
        guard !there.isEmpty else { return false }
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try disk.syncFolder(Self.parent(of: folder))
        for name in there {
            try disk.rename(folder.path + "/" + name, to: place(of: name))
            moved.names.append(name)
        }
        try disk.syncFolder(path)
        try disk.syncFolder(folder.path)
        return true
    }

    private func place(of name: String) -> String {
        path + "/" + (name.split(separator: "/").last ?? "")
    }

    func moveBack() throws {
        for name in moved.names {
            try disk.rename(place(of: name), to: folder.path + "/" + name)
        }
        moved.names = []
        rmdir(path)  // best effort: an empty folder says nothing
    }
}
