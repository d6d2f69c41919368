import ArgumentParser
import Foundation
import LedgerPostgres

/// Where a hub keeps everything, as a command is told.
struct HubOptions: ParsableArguments {
    @OptionGroup var data: DataOptions

    @Option(
        name: .long,
        help: """
            A PostgreSQL database, which other hubs may share, instead of one in the folder: \
            postgres://USER@HOST:PORT/DATABASE. TALLYMAN_DATABASE says the same, and a folder \
            remembers it.
            """
    )
    var database: String?

    var place: HubPlace { place(targets: nil) }

    func place(targets: String?) -> HubPlace {
        HubPlace(
            folder: data.data,
            database: database ?? ProcessInfo.processInfo.environment["TALLYMAN_DATABASE"],
            targets: targets
        )
    }
}

/// Where a hub keeps everything: a data folder and, where one is named, a PostgreSQL database.
struct HubPlace: Sendable {
    let folder: String
    /// As it was given; empty as nil.
    private let database: String?

    /// A file of targets, where it is not the folder's own.
    let targets: String?

    init(folder: String, database: String? = nil, targets: String? = nil) {
        self.folder = folder
        self.targets = targets
        self.database = database?.isEmpty == true ? nil : database
    }

    /// The file in which a folder remembers the database that it goes with.
    private var note: String { folder + "/database" }

    /// The database; nil for the folder's own.
    func address() throws -> DatabaseAddress? {
        if let database { return try DatabaseAddress(database) }
        // A folder that says nothing keeps its own database.
        guard let known = try? String(contentsOfFile: note, encoding: .utf8) else { return nil }
        return try DatabaseAddress(known.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Notes the database in the folder, readable by its owner alone: it may hold a password.
    func remember() throws {
        guard let database else { return }
        let draft = note + ".new"
        let contents = Data((database + "\n").utf8)
        let isWritten = FileManager.default.createFile(
            atPath: draft,
            contents: contents,
            attributes: [.posixPermissions: 0o600]
        )
        guard isWritten, rename(draft, note) == 0 else {
            throw PostgresRefusal.failed(note, detail: String(cString: strerror(errno)))
        }
    }
}
