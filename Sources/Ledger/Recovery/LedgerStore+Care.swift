import Foundation
import GRDB
import Sync
import Tally

extension LedgerStore {
    /// How often the whole log is looked through, and the copy made anew, in milliseconds: a day.
    private static let roundMilliseconds: Int64 = 86_400_000
    private static let inspected = SettingKey("ledger.inspected")

    /// Looks after a store that has a second journal; asked every now and then.
    ///
    /// Once a day it looks through the whole log (``inspect()``), lets the old part of the second
    /// journal go, and copies the database beside it, so that a terminal whose database is gone
    /// knows its workers and machines again before the hub is reached. The copy can be made again:
    /// it goes first when room is short.
    public func care() async throws {
        room.look()
        guard options.hasSecondJournal else { return }
        if room.roomLeft <= .noViews {
            try? options.disk.remove(copyPath)  // best effort: asked again the next time
        } else if isDue(copyMade), try await isEnrolled() {
            try await backup(to: copyPath)
        }
        let last = try await read { try $0.integer(Self.inspected) }
        if isDue(last.map { Moment(milliseconds: Int64(clamping: $0)) }) {
            try await inspect()
            _ = try trimJournal()
            let now = UInt64(clamping: options.now().milliseconds)
            try await write { try $0.set(Self.inspected, to: now) }
        }
    }

    private var copyPath: String { LedgerOpening(folder, options).copyPath }

    private func isEnrolled() async throws -> Bool {
        try await read { try TerminalReplica.enrolment(in: $0) != nil }
    }

    private var copyMade: Moment? {
        var status = stat()
        guard stat(copyPath, &status) == 0 else { return nil }
        return Moment(milliseconds: Int64(status.st_mtim.tv_sec) * 1000)
    }

    /// A clock that was set back makes nothing wait for years.
    private func isDue(_ last: Moment?) -> Bool {
        guard let last else { return true }
        let age = options.now().milliseconds - last.milliseconds
        return age < 0 || age >= Self.roundMilliseconds
    }

    /// Looks through the whole file: SQLite's own check, and that each operation of the log still
    /// has the bytes that it was stored with.
    ///
    /// Damage is mended at once, by the way of ``LedgerOpening``.
    public func inspect() async throws {
        do {
            try await Self.inspect(pool)
        } catch let difference as LedgerDifference {
            distrust(difference.plainText)
            try await write { _ in }
        } catch {
            distrust(String(describing: error))
            try await write { _ in }
        }
    }

    private static func inspect(_ pool: DatabasePool) async throws {
        try await pool.read { database in
            try database.checkStructure()
            try database.each("SELECT ordinal, bytes, hash FROM operation") { row in
                let operation = try? Sync.Operation(bytes: try row.requiredBytes(1))
                guard let operation, try row.identifier(2) == operation.hash else {
                    throw LedgerDifference.row(row[0])
                }
                return true
            }
        }
    }
}

/// What a doctor finds of the second journal and of earlier damage, without changing anything.
public struct JournalReport: Sendable {
    /// Operations that the journal holds.
    public let operations: Int
    /// Operations of this terminal, unknown to the hub, that the journal lacks.
    public let lacking: Int
    /// Operations in the journal that the database lacks; the next start brings them back.
    public let onlyInJournal: Int
    /// Whether bytes of it are no record.
    public let isDamaged: Bool
    /// The last damage of the database that was mended.
    public let damage: StoreDamage?
    /// Folders of damaged files that nobody has taken away yet.
    public let damagedFolders: [String]
}

extension LedgerStore {
    /// Holds the second journal against the database.
    public func journalReport() throws -> JournalReport {
        let content = SecondJournal.read(folder)
        let parent = Aside.parent(of: folder)
        // Nil: nothing was ever moved aside.
        let names = try? FileManager.default.contentsOfDirectory(atPath: parent)
        return try pool.read { database in
            let own = try OwnOperations(database)
            let needed = try own.neededNames()
            let missing = try content.operations.filter {
                try own.stored($0.operation.id) == nil && !own.wasLetGo($0.operation.id)
            }
            return JournalReport(
                operations: content.operations.count,
                lacking: content.isEmpty && own.replica == nil
                    ? 0 : needed.filter { !content.holds($0) }.count,
                onlyInJournal: missing.count,
                isDamaged: content.isDamaged,
                damage: try StoreDamage(in: LedgerReading(database)),
                damagedFolders: (names ?? []).sorted().map { parent + "/" + $0 }
            )
        }
    }
}
