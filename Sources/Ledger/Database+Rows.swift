import Foundation
import GRDB
import Sync
import Tally

extension Database {
    /// Runs a statement that the connection prepares once.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row, if any.
    func first<Value>(
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ read: (Row) throws -> Value
    ) throws -> Value? {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        return try rows.next().map(read)
    }

    /// Every row, in the order that the statement gives.
    func all<Value>(
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ read: (Row) throws -> Value
    ) throws -> [Value] {
        let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
        var values: [Value] = []
        while let row = try rows.next() { values.append(try read(row)) }
        return values
    }

    /// Goes through the rows one by one, until `visit` returns false.
    ///
    /// The statement is its own, so that `visit` may run others.
    func each(
        _ sql: String,
        _ arguments: StatementArguments = [],
        _ visit: (Row) throws -> Bool
    ) throws {
        let rows = try Row.fetchCursor(makeStatement(sql: sql), arguments: arguments)
        while let row = try rows.next() {
            guard try visit(row) else { return }
        }
    }
}

extension Row {
    /// The bytes of a column; nil for NULL.
    func bytes(_ index: Int) throws -> [UInt8]? {
        try withUnsafeData(atIndex: index) { $0.map { Array($0) } }
    }

    /// The bytes of a column that is never NULL.
    func requiredBytes(_ index: Int) throws -> [UInt8] { try bytes(index) ?? [] }

    func identifier(_ index: Int) throws -> Identifier {
        guard let identifier = Identifier(bytes: try requiredBytes(index)) else {
            throw DamagedRow(what: "column \(index + 1) is not an identifier")
        }
        return identifier
    }

    /// An unsigned number that is kept by its bit pattern.
    func unsigned(_ index: Int) -> UInt64 { UInt64(bitPattern: self[index] as Int64) }
}

/// A row that the schema allows and the program cannot read.
struct DamagedRow: Error, CustomStringConvertible {
    let what: String

    var description: String { what }
}

extension Identifier {
    var data: Data {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }
    }
}

extension UInt64 {
    /// The number as SQLite keeps it: 64 bits with a sign.
    var stored: Int64 { Int64(bitPattern: self) }
}

extension EntityKey {
    /// The four columns that name an entity.
    var arguments: StatementArguments { [scope.site, scope.area, kind, id.data] }
}

extension OperationID {
    /// The three columns that name an operation.
    var arguments: StatementArguments { [replica.data, incarnation.stored, sequence.stored] }
}

extension Scope {
    var arguments: StatementArguments { [site, area] }
}

extension LoggedOperation {
    /// The columns that `init(row:)` reads, in its order.
    static let columns =
        """
        bytes, position, verdict, reason, effective, stamp, unsure, seen, acknowledged, answer, \
        lane, ordinal
        """
}
