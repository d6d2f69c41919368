import CPostgres
import Sync
import Tally

/// A parameter of a statement in PostgreSQL's binary format.
///
/// ```
/// bytea, text   the bytes
/// bigint        8 bytes, most significant first
/// array         1, has NULL (0 or 1), element type, count, 1, then each: length (-1: NULL), bytes
///               an empty one: 0, 0, element type; all of them 4 bytes, most significant first
/// ```
struct Parameter {
    /// Types by their numbers in `pg_type.dat`.
    enum Kind: Oid {
        case bytea = 17
        case bigint = 20
        case text = 25
        case byteaArray = 1001
        case textArray = 1009
        case bigintArray = 1016
    }

    let kind: Kind
    /// Nil for NULL.
    let bytes: [UInt8]?

    static func bytes(_ bytes: [UInt8]?) -> Parameter { Parameter(kind: .bytea, bytes: bytes) }

    static func text(_ text: String?) -> Parameter {
        Parameter(kind: .text, bytes: text.map { Array($0.utf8) })
    }

    static func integer(_ number: Int64?) -> Parameter {
        Parameter(kind: .bigint, bytes: number.map { UInt64(bitPattern: $0).bigEndianBytes })
    }

    static func integer(_ number: Int) -> Parameter { .integer(Int64(number)) }

    /// A number of 64 bits without a sign, by its bit pattern.
    static func unsigned(_ number: UInt64?) -> Parameter {
        .integer(number.map { Int64(bitPattern: $0) })
    }

    static func id(_ id: Identifier) -> Parameter { .bytes(id.bytes) }

    static func byteses(_ items: [[UInt8]?]) -> Parameter {
        Parameter(kind: .byteaArray, bytes: array(items, of: .bytea))
    }

    static func texts(_ items: [String?]) -> Parameter {
        let items = items.map { $0.map { Array($0.utf8) } }
        return Parameter(kind: .textArray, bytes: array(items, of: .text))
    }

    static func integers(_ items: [Int64?]) -> Parameter {
        let items = items.map { $0.map { UInt64(bitPattern: $0).bigEndianBytes } }
        return Parameter(kind: .bigintArray, bytes: array(items, of: .bigint))
    }

    private static func array(_ items: [[UInt8]?], of kind: Kind) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + items.reduce(0) { $0 + 4 + ($1?.count ?? 0) })
        func write(_ number: UInt32) {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        write(items.isEmpty ? 0 : 1)
        write(items.contains { $0 == nil } ? 1 : 0)
        write(kind.rawValue)
        guard !items.isEmpty else { return bytes }
        write(UInt32(items.count))
        write(1)
        for item in items {
            guard let item else {
                write(.max)
                continue
            }
            write(UInt32(item.count))
            bytes.append(contentsOf: item)
        }
        return bytes
    }
}

/// A statement with what it is given.
struct Statement {
    let sql: String
    let values: [Parameter]

    init(_ sql: String, _ values: [Parameter] = []) {
        self.sql = sql
        self.values = values
    }
}
