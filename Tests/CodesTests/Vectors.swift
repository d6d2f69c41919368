import Foundation

/// Rows of a file with test vectors from outside the package, by column.
struct Vectors {
    let rows: [[String: String]]

    /// The folder with the vectors, from `TALLYMAN_SHARED`; nil where it is not given.
    static var folder: URL? {
        ProcessInfo.processInfo.environment["TALLYMAN_SHARED"]
            .map { URL(fileURLWithPath: $0).appendingPathComponent("vectors") }
    }

    /// Reads a CSV file (RFC 4180) of the folder; nil where there is no folder.
    init?(_ path: String) throws {
        guard let folder = Self.folder else {
            print("TALLYMAN_SHARED is not set: \(path) is not checked")
            return nil
        }
        let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        var table = Self.table(text)
        let names = table.removeFirst()
        rows = table.map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
    }

    private static func table(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && rest.first == byte:
                field.append(byte)
                rest = rest.dropFirst()
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\r") where !isQuoted: continue
            case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "\n") where !isQuoted:
                row.append(String(decoding: field, as: UTF8.self))
                field = []
                guard byte == UInt8(ascii: "\n") else { continue }
                rows.append(row)
                row = []
            default: field.append(byte)
            }
        }
        return rows
    }

    /// The text that a JSON-escaped field without quotes stands for.
    static func unescaped(_ field: String) throws -> String {
        try JSONDecoder().decode(String.self, from: Data(("\"" + field + "\"").utf8))
    }
}
