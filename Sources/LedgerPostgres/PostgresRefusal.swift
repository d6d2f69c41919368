import Tally

/// Why a PostgreSQL database cannot be used, or did not save.
///
/// Nothing was changed, unless the case says otherwise.
public enum PostgresRefusal: Refusal, Equatable {
    /// This is no address of a PostgreSQL database.
    case badAddress(String)
    /// The server did not answer in time, or the connection broke.
    ///
    /// Of what was being saved it is not known whether it was: the same may be asked again.
    case unreachable(String, detail: String)
    /// Others were at work all the time.
    case busy(String, detail: String)
    /// The database was written by a newer program.
    case newer(String, version: Int, known: Int)
    /// The database holds something else.
    case foreign(String, detail: String)
    /// Server or database are not set up as they have to be.
    case unfit(String, detail: String)
    /// What is stored cannot be read.
    case unreadable(String, detail: String)
    /// The server refused for another reason; the detail is its own text.
    case failed(String, detail: String)
    /// What only a hub with its database in its own folder can do.
    case onlyInFolder(String)

    public var code: ProblemCode {
        switch self {
        case .badAddress: "postgres.bad_address"
        case .unreachable: "postgres.unreachable"
        case .busy: "postgres.busy"
        case .newer: "postgres.newer"
        case .foreign: "postgres.foreign"
        case .unfit: "postgres.unfit"
        case .unreadable: "postgres.unreadable"
        case .failed: "postgres.failed"
        case .onlyInFolder: "postgres.only_in_folder"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .badAddress(let address): ["database": address]
        case .onlyInFolder(let command): ["command": command]
        case .newer(let database, let version, let known):
            ["database": database, "version": String(version), "known": String(known)]
        case .unreachable(let database, let detail), .busy(let database, let detail),
            .foreign(let database, let detail), .unfit(let database, let detail),
            .unreadable(let database, let detail), .failed(let database, let detail):
            ["database": database, "detail": detail]
        }
    }
}

/// A row that the schema allows and the program cannot read.
struct DamagedRow: Error {
    let what: String
}

/// What the server, or the way to it, answered instead of rows.
struct ServerError: Error {
    /// Five characters (https://www.postgresql.org/docs/15/errcodes-appendix.html); empty when the
    /// server said nothing.
    let state: String
    let message: String
    /// Whether the connection is of no use any more.
    let isLost: Bool

    /// The transaction is undone, and the same may be tried again: serialization failure, deadlock,
    /// a lock that took too long, a connection that broke, a server that stops or starts.
    var mayTryAgain: Bool {
        isLost || ["40001", "40P01", "55P03", "57P01", "57P02", "57P03", "25P03"].contains(state)
            || state.hasPrefix("08") || state.hasPrefix("53")
    }

    /// The same in the words that whoever asked is told.
    func refusal(_ database: String) -> PostgresRefusal {
        let detail = message.isEmpty ? "SQLSTATE \(state)" : message
        if state.hasPrefix("28") || state.hasPrefix("3D") {
            return .unfit(database, detail: detail)
        }
        if isLost || state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P") {
            return .unreachable(database, detail: detail)
        }
        return mayTryAgain
            ? .busy(database, detail: detail) : .failed(database, detail: detail)
    }
}
