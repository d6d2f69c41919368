import Connectors
import Foundation
import Imaging

/// Pictures with what their codes say.
struct ScanCorpus {
    /// One picture.
    struct Picture {
        let file: String
        let set: ScanSet
        /// What its codes say; nil where no one knows.
        let expected: [String?]
        /// The kinds to look for: the standard ones and the picture's own.
        let symbologies: Set<Symbology>
        let pixelCount: Int
    }

    /// In the manifest's order.
    let pictures: [Picture]

    /// Reads a manifest with the columns file, symbology, expected (a JSON string), width, height.
    init(manifest: String) throws {
        let text = String(decoding: try FileBytes.read(manifest), as: UTF8.self)
        let rows = try CSVTable(text).rows
        guard let header = rows.first?.cells else { throw ScanTrouble.column("file") }
        func column(_ name: String) throws -> Int {
            guard let index = header.firstIndex(of: name) else { throw ScanTrouble.column(name) }
            return index
        }
        let (file, kind, truth) = (
            try column("file"), try column("symbology"), try column("expected")
        )
        let (width, height) = (try column("width"), try column("height"))
        var order: [String] = []
        var byFile: [String: [[String]]] = [:]
        for row in rows.dropFirst() {
            guard row.cells.count == header.count else { throw ScanTrouble.row(row.line) }
            if byFile[row.cells[file], default: []].isEmpty { order.append(row.cells[file]) }
            byFile[row.cells[file], default: []].append(row.cells)
        }
        pictures = try order.map { name in
            let codes = byFile[name] ?? []
            let kinds = Set(codes.map { $0[kind] })
            let known = try kinds.map { try Self.symbology($0) }
            let size = codes.first.map { ($0[width], $0[height]) }
            return Picture(
                file: name,
                set: ScanSet(file: name, kinds: kinds, count: codes.count),
                expected: kinds == ["none"] ? [] : try codes.map { try Self.text($0[truth]) },
                symbologies: Symbology.standard.union(known.compactMap { $0 }),
                pixelCount: (size.flatMap { Int($0.0) } ?? 0) * (size.flatMap { Int($0.1) } ?? 0)
            )
        }
    }

    private static func symbology(_ kind: String) throws -> Symbology? {
        switch kind.lowercased() {
        case "none": nil
        case "itf": .interleaved25
        case let other:
            if let known = Symbology(name: other) { known } else { throw ScanTrouble.kind(kind) }
        }
    }

    private static func text(_ cell: String) throws -> String? {
        guard !cell.isEmpty else { return nil }
        return ScanScore.trimmed(try JSONDecoder().decode(String.self, from: Data(cell.utf8)))
    }
}

/// What is wrong with a manifest.
enum ScanTrouble: Error, CustomStringConvertible {
    case column(String)
    case row(Int)
    case kind(String)

    var description: String {
        switch self {
        case .column(let name): "the manifest has no column '\(name)'"
        case .row(let line): "line \(line) of the manifest has not as many cells as its header"
        case .kind(let name): "the manifest names an unknown kind of code: \(name)"
        }
    }
}

/// Pictures that are counted together.
struct ScanSet: Hashable, Comparable {
    let name: String
    private let rank: Int

    /// From how many codes on a picture is one of many labels.
    private static let manyLabels = 20

    init(file: String, kinds: Set<String>, count: Int) {
        let family = String(file.prefix { $0 != "/" })
        if kinds == ["none"] {
            (name, rank) = ("no code", 3)
        } else if kinds != ["QR"] {
            (name, rank) = ("lines", 2)
        } else if count >= Self.manyLabels {
            (name, rank) = ("\(family), many labels", 1)
        } else {
            (name, rank) = ("\(family), QR", 0)
        }
    }

    static func < (left: ScanSet, right: ScanSet) -> Bool {
        (left.rank, left.name) < (right.rank, right.name)
    }
}
