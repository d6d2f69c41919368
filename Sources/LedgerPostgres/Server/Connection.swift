import CPostgres
import Foundation

/// A connection to the server, with the statements that were prepared on it.
///
/// `@unchecked`: whoever took it from the pool, or the writer, uses it alone.
final class Connection: @unchecked Sendable {
    private let handle: OpaquePointer
    /// By text: the name under which a statement is prepared here, and its types.
    private var prepared: [String: String] = [:]

    /// How many statements it was given, those of a script as one.
    private(set) var statementCount = 0

    /// Set on every connection.
    ///
    /// Each statement of this room has its index, so plans need not depend on how full the tables
    /// were when they were made. The time limits end what a process holds that stands still or
    /// whose machine is gone.
    private static let settings =
        """
        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
        SET plan_cache_mode = force_generic_plan; SET jit = off;
        SET idle_in_transaction_session_timeout = '15s'; SET lock_timeout = '20s';
        SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
        SET client_min_messages = error
        """

    /// Connects.
    ///
    /// - Parameter address: where to.
    /// - Throws: ``ServerError``.
    init(_ address: DatabaseAddress) throws {
        // What comes later goes before what comes earlier, so an address may say otherwise.
        let options = [
            ("connect_timeout", "5"), ("application_name", "tallyman"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"), ("dbname", address.text), ("client_encoding", "UTF8"),
        ]
        var keys: [UnsafePointer<CChar>?] = options.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = options.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for text in keys + values { free(UnsafeMutableRawPointer(mutating: text)) } }
        guard let handle = PQconnectdbParams(&keys, &values, 1) else {
            throw ServerError(state: "53200", message: "no memory", isLost: true)
        }
        self.handle = handle
        guard PQstatus(handle) == CONNECTION_OK else {
            throw ServerError(state: Self.state(ofRefusal: handle), message: said, isLost: true)
        }
        try script(Self.settings)
    }

    deinit { PQfinish(handle) }

    /// libpq has no code for a connection that was refused; a password or a database that is wrong
    /// is told from a server that is away by what it says it needs.
    private static func state(ofRefusal handle: OpaquePointer) -> String {
        if PQconnectionNeedsPassword(handle) != 0 { return "28P01" }
        let text = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        if text.contains("database \""), text.contains("does not exist") { return "3D000" }
        if text.contains("role \"") || text.contains("authentication failed") { return "28000" }
        return "08001"
    }

    private var said: String {
        let text = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        return text.split(separator: "\n").joined(separator: " ")
    }

    /// Whether it can still be used, as far as is known here.
    var isSound: Bool { PQstatus(handle) == CONNECTION_OK }

    /// Whether no transaction is open.
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    var socket: Int32 { PQsocket(handle) }

    /// The statements that were prepared here, for the test that reads their plans.
    var statements: [String: String] { prepared }

    // MARK: - Statements

    /// Runs SQL text without parameters, one or more statements.
    ///
    /// - Returns: what the last one gave, as text.
    @discardableResult
    func script(_ sql: String) throws -> Rows {
        statementCount += 1
        return try checked(PQexec(handle, sql))
    }

    /// Runs a statement that the connection prepares once.
    @discardableResult
    func run(_ sql: String, _ values: [Parameter] = []) throws -> Rows {
        let name = try prepare(sql, values)
        statementCount += 1
        let result = Self.withParameters(values) { pointers, lengths, formats in
            PQexecPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 1)
        }
        return try checked(result)
    }

    /// Runs statements in one exchange (pipeline mode), which all succeed or none does.
    func run(_ statements: [Statement]) throws {
        guard statements.count > 1 else {
            for statement in statements { try run(statement.sql, statement.values) }
            return
        }
        let names = try statements.map { try prepare($0.sql, $0.values) }
        statementCount += statements.count
        guard PQenterPipelineMode(handle) == 1 else { throw lost() }
        for (name, statement) in zip(names, statements) {
            let values = statement.values
            let sent = Self.withParameters(values) { pointers, lengths, formats in
                PQsendQueryPrepared(
                    handle,
                    name,
                    Int32(values.count),
                    pointers,
                    lengths,
                    formats,
                    1
                )
            }
            guard sent == 1 else { throw lost() }
        }
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        var failure: (any Error)?
        for _ in statements {
            while let result = PQgetResult(handle) {
                do { _ = try checked(result) } catch { failure = failure ?? error }
                guard isSound else { throw failure ?? lost() }
            }
        }
        let end = PQgetResult(handle)
        PQclear(end)
        guard PQexitPipelineMode(handle) == 1 else { throw failure ?? lost() }
        if let failure { throw failure }
    }

    private func prepare(_ sql: String, _ values: [Parameter]) throws -> String {
        if let name = prepared[sql] { return name }
        let name = "s\(prepared.count + 1)"
        let types = values.map(\.kind.rawValue)
        _ = try checked(PQprepare(handle, name, sql, Int32(types.count), types))
        prepared[sql] = name
        return name
    }

    private static func withParameters<Result>(
        _ values: [Parameter],
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>
        ) -> Result
    ) -> Result {
        // One byte more, so that even an empty value has a place that is not NULL.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        for value in values { bytes += value.bytes ?? [] }
        bytes.append(0)
        let lengths = values.map { Int32($0.bytes?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: values.count)
        return bytes.withUnsafeBytes { buffer in
            var place = 0
            let pointers = values.map { value -> UnsafePointer<CChar>? in
                guard let own = value.bytes else { return nil }
                defer { place += own.count }
                return buffer.baseAddress.map { ($0 + place).assumingMemoryBound(to: CChar.self) }
            }
            return body(pointers, lengths, formats)
        }
    }

    private func checked(_ result: OpaquePointer?) throws -> Rows {
        guard let result else { throw lost() }
        let rows = Rows(result)
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC: return rows
        default:
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C")))
            let message = PQresultErrorField(result, Int32(UInt8(ascii: "M")))
            throw ServerError(
                state: state.map { String(cString: $0) } ?? "",
                message: message.map { String(cString: $0) } ?? said,
                isLost: !isSound
            )
        }
    }

    private func lost() -> ServerError {
        ServerError(state: "08006", message: said, isLost: true)
    }

    // MARK: - Notifications

    /// Takes what has come in on the socket.
    ///
    /// - Returns: the words of the notifications among it.
    func notifications() throws -> [String] {
        guard PQconsumeInput(handle) == 1 else { throw lost() }
        var words: [String] = []
        while let notification = PQnotifies(handle) {
            words.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return words
    }
}
