import Foundation
import Sync
import Synchronization

/// Connections for reading: each read has one alone.
final class ConnectionPool: Sendable {
    /// How many are kept open; more are opened when more read at once, and closed after.
    static let idleCountMax = 4
    /// How long a read may take, its turn included, while the server is away.
    private static let patience = Duration.seconds(8)

    private let address: DatabaseAddress
    private let idle = Mutex<[Connection]>([])
    private let seen = Mutex<Set<String>>([])

    init(_ address: DatabaseAddress) { self.address = address }

    func close() { idle.withLock { $0 = [] } }

    /// Every statement that was prepared.
    var statements: Set<String> {
        idle.withLock { idle in
            idle.reduce(into: seen.withLock { $0 }) {
                $0.formUnion($1.statements.keys)
            }
        }
    }

    /// Runs `body` with a connection.
    func with<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        let connection = try idle.withLock { $0.popLast() } ?? Connection(address)
        defer {
            if connection.isSound, connection.isIdle {
                let isKept = idle.withLock { idle in
                    guard idle.count < Self.idleCountMax else { return false }
                    idle.append(connection)
                    return true
                }
                if !isKept { seen.withLock { $0.formUnion(connection.statements.keys) } }
            }
        }
        return try body(connection)
    }

    /// Runs `body` on one consistent state; again when the connection breaks.
    func read<Result>(
        since begun: ContinuousClock.Instant,
        _ body: (any ReplicaReading) throws -> Result
    ) throws -> Result {
        let deadline = begun + Self.patience
        while true {
            do {
                return try with { try Self.read($0, address, body) }
            } catch let error as ServerError where error.mayTryAgain {
                // The others were there before the server went away, too.
                if error.isLost { idle.withLock { $0.removeAll { !$0.isSound } } }
                guard ContinuousClock.now < deadline else { throw error }
                usleep(20_000)
            }
        }
    }

    private static func read<Result>(
        _ connection: Connection,
        _ address: DatabaseAddress,
        _ body: (any ReplicaReading) throws -> Result
    ) throws -> Result {
        // One state for all statements: the one at the first of them.
        try connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        do {
            let schema = try connection.run("SELECT schema FROM hub WHERE site = ''")
                .first { Int(try $0.requiredInteger(0)) }
            guard schema == Migration.known else {
                throw PostgresRefusal.newer(
                    address.name,
                    version: schema ?? 0,
                    known: Migration.known
                )
            }
            let result = try body(PostgresReading(connection))
            try connection.script("COMMIT")
            return result
        } catch {
            _ = try? connection.script("ROLLBACK")  // the connection may be gone
            throw error
        }
    }
}
