import CPostgres
import Sync
import Tally

/// What a statement gave: rows in binary format, freed with this value.
final class Rows {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var count: Int { Int(PQntuples(result)) }

    /// What the server did: `COMMIT`, `ROLLBACK`.
    var command: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    /// The rows in order.
    func each(_ visit: (Row) throws -> Bool) throws {
        for number in 0..<PQntuples(result) {
            guard try visit(Row(result: result, number: number)) else { return }
        }
    }

    func map<Value>(_ read: (Row) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        try each { row in
            values.append(try read(row))
            return true
        }
        return values
    }

    /// The first row, if any.
    func first<Value>(_ read: (Row) throws -> Value) throws -> Value? {
        guard count > 0 else { return nil }
        return try read(Row(result: result, number: 0))
    }
}

/// A row, good as long as its ``Rows``.
struct Row {
    fileprivate let result: OpaquePointer
    fileprivate let number: Int32

    fileprivate init(result: OpaquePointer, number: Int32) {
        self.result = result
        self.number = number
    }

    /// The bytes of a column; nil for NULL.
    func bytes(_ column: Int32) -> [UInt8]? {
        guard PQgetisnull(result, number, column) == 0,
            let start = PQgetvalue(result, number, column)
        else { return nil }
        let count = Int(PQgetlength(result, number, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The bytes of a column that is never NULL.
    func requiredBytes(_ column: Int32) throws -> [UInt8] {
        guard let bytes = bytes(column) else {
            throw DamagedRow(what: "column \(column + 1) is NULL")
        }
        return bytes
    }

    /// A whole number of 2, 4 or 8 bytes; nil for NULL.
    func integer(_ column: Int32) -> Int64? {
        guard let bytes = bytes(column), let first = bytes.first else { return nil }
        let start: Int64 = first < 0x80 ? 0 : -1
        return bytes.reduce(start) { $0 << 8 | Int64($1) }
    }

    func requiredInteger(_ column: Int32) throws -> Int64 {
        guard let number = integer(column) else {
            throw DamagedRow(what: "column \(column + 1) is no number")
        }
        return number
    }

    /// A number without a sign that is kept by its bit pattern.
    func unsigned(_ column: Int32) throws -> UInt64 {
        UInt64(bitPattern: try requiredInteger(column))
    }

    func text(_ column: Int32) throws -> String {
        String(decoding: try requiredBytes(column), as: UTF8.self)
    }

    func identifier(_ column: Int32) throws -> Identifier {
        guard let identifier = Identifier(bytes: try requiredBytes(column)) else {
            throw DamagedRow(what: "column \(column + 1) is no identifier")
        }
        return identifier
    }
}
