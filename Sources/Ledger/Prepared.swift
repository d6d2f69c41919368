import GRDB
import GRDBSQLite
import Sync
import Tally

/// A statement that runs with every operation, through SQLite's own calls.
///
/// GRDB prepares it, keeps it, and says when it may run; the values go in and out without its boxes
/// for arguments and rows, which cost several times what SQLite needs to find a row by its key.
struct Prepared {
    private let statement: Statement
    private let connection: SQLiteConnection?

    /// - Throws: when SQLite does not take the statement.
    init(_ sql: String, _ database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
        connection = database.sqliteConnection
    }

    /// Runs a statement that gives no rows.
    func run(_ bind: (inout Bindings) -> Void) throws {
        _ = try first(bind) { _ in }
    }

    /// The first row, if any.
    func first<Value>(
        _ bind: (inout Bindings) -> Void,
        _ read: (StatementRow) throws -> Value
    ) throws -> Value? {
        let pointer = bound(bind)
        defer { sqlite3_reset(pointer) }
        guard try step(pointer) else { return nil }
        return try read(StatementRow(pointer: pointer))
    }

    /// Every row, in the order that the statement gives.
    func all<Value>(
        _ bind: (inout Bindings) -> Void,
        _ read: (StatementRow) throws -> Value
    ) throws -> [Value] {
        let pointer = bound(bind)
        defer { sqlite3_reset(pointer) }
        var values: [Value] = []
        while try step(pointer) { values.append(try read(StatementRow(pointer: pointer))) }
        return values
    }

    /// Goes through the rows of a statement without question marks; `visit` runs others.
    func each(_ visit: (StatementRow) throws -> Void) throws {
        let pointer = statement.sqliteStatement
        defer { sqlite3_reset(pointer) }
        while try step(pointer) { try visit(StatementRow(pointer: pointer)) }
    }

    private func bound(_ bind: (inout Bindings) -> Void) -> OpaquePointer {
        var bindings = Bindings(pointer: statement.sqliteStatement)
        bind(&bindings)
        return statement.sqliteStatement
    }

    /// - Returns: whether there is a row.
    private func step(_ pointer: OpaquePointer) throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            throw DatabaseError(
                resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
                message: connection.map { String(cString: sqlite3_errmsg($0)) },
                sql: statement.sql
            )
        }
    }
}

/// The values of a statement's question marks, from the first on.
struct Bindings {
    private let pointer: OpaquePointer
    private var index: Int32 = 0
    /// SQLite copies what it is given.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    fileprivate init(pointer: OpaquePointer) { self.pointer = pointer }

    mutating func add(_ number: Int64?) {
        index += 1
        if let number {
            sqlite3_bind_int64(pointer, index, number)
        } else {
            sqlite3_bind_null(pointer, index)
        }
    }

    mutating func add(_ text: String?) {
        index += 1
        guard var text, !text.isEmpty else {
            // Of no bytes the pointer may be null, which would be NULL.
            if text == nil { sqlite3_bind_null(pointer, index) }
            if text != nil { sqlite3_bind_text(pointer, index, "", 0, Self.transient) }
            return
        }
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                let count = Int32(characters.count)
                let start = characters.baseAddress
                _ = sqlite3_bind_text(pointer, index, start, count, Self.transient)
            }
        }
    }

    mutating func add(_ bytes: [UInt8]) {
        index += 1
        if bytes.isEmpty {
            sqlite3_bind_zeroblob(pointer, index, 0)
        } else {
            sqlite3_bind_blob(pointer, index, bytes, Int32(bytes.count), Self.transient)
        }
    }

    mutating func add(_ identifier: Identifier) {
        index += 1
        withUnsafeBytes(of: (identifier.high.bigEndian, identifier.low.bigEndian)) { bytes in
            _ = sqlite3_bind_blob(pointer, index, bytes.baseAddress, 16, Self.transient)
        }
    }

    mutating func add(_ scope: Scope) {
        add(scope.site)
        add(scope.area)
    }

    /// The four columns that name an entity.
    mutating func add(_ entity: EntityKey) {
        add(entity.scope)
        add(entity.kind)
        add(entity.id)
    }

    /// The three columns that name an operation.
    mutating func add(_ id: OperationID) {
        add(id.replica)
        add(id.incarnation.stored)
        add(id.sequence.stored)
    }

    /// The seven columns of a judgement, or as many NULLs.
    mutating func add(_ judgement: Judgement?) {
        add(judgement?.position.stored)
        add((judgement?.verdict.rawValue).map(Int64.init))
        add(judgement?.reason)
        add(judgement?.effective.milliseconds)
        add(judgement?.effectiveStamp.bits.stored)
        add((judgement?.timeUnsure).map { $0 ? 1 : 0 })
        add(judgement?.seen?.stored)
    }
}

/// A row, until the statement goes on; columns count from 0.
struct StatementRow {
    private let pointer: OpaquePointer

    fileprivate init(pointer: OpaquePointer) { self.pointer = pointer }

    /// Whether a column has these bytes.
    func holds(_ bytes: [UInt8], _ column: Int32) -> Bool {
        let start = sqlite3_column_blob(pointer, column)
        let count = Int(sqlite3_column_bytes(pointer, column))
        return UnsafeRawBufferPointer(start: start, count: count).elementsEqual(bytes)
    }

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(pointer, column) == SQLITE_NULL
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

    /// An unsigned number that is kept by its bit pattern.
    func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(pointer, column) else { return "" }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The bytes of a column; none for NULL.
    func bytes(_ column: Int32) -> [UInt8] {
        let start = sqlite3_column_blob(pointer, column)
        let count = Int(sqlite3_column_bytes(pointer, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
