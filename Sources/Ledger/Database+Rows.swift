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
    /// The columns that ``init(row:)`` reads, in its order.
    static let columns =
        """
        bytes, position, verdict, reason, effective, stamp, unsure, seen, acknowledged, answer, \
        lane, ordinal
        """

    init(row: Row) throws {
        let operation: Sync.Operation
        do {
            operation = try Sync.Operation(bytes: try row.requiredBytes(0))
        } catch let error as OperationError {
            let ordinal = row[11] as Int64
            throw DamagedRow(what: "operation \(ordinal) of the log: \(error.plainText)")
        }
        self.init(
            operation: operation,
            judgement: try Judgement(row: row),
            acknowledged: (row[8] as UInt8?).flatMap(Verdict.init(rawValue:)),
            answer: row[9],
            lane: Lane(rawValue: row[10]) ?? .edits
        )
    }
}

extension Judgement {
    /// Reads the judgement of a row of ``LoggedOperation/columns``; nil when it has none.
    init?(row: Row) throws {
        guard let position = row[1] as Int64? else { return nil }
        guard let verdict = Verdict(rawValue: row[2]) else {
            throw DamagedRow(what: "a verdict that this program does not know")
        }
        self.init(
            position: UInt64(bitPattern: position),
            verdict: verdict,
            reason: row[3],
            effective: Moment(milliseconds: row[4]),
            effectiveStamp: HybridStamp(bits: row.unsigned(5)),
            timeUnsure: row[6],
            seen: (row[7] as Int64?).map { UInt64(bitPattern: $0) }
        )
    }

    /// The seven columns of a judgement, or as many NULLs.
    static func arguments(_ judgement: Judgement?) -> StatementArguments {
        [
            judgement?.position.stored, judgement?.verdict.rawValue, judgement?.reason,
            judgement?.effective.milliseconds, judgement?.effectiveStamp.bits.stored,
            judgement?.timeUnsure, judgement?.seen?.stored,
        ]
    }
}
