import ExceptionReports
import Forms
import Tally

/// Reads files of master data: tables as CSV or JSON, definitions as YAML or JSON.
public enum MasterDataFile {
    /// A file past this is refused; a plant's materials take a few.
    public static let megabytesMax = 64

    /// Reads a file as far as it tells by itself.
    ///
    /// What it holds is told by the start of its name (`suppliers.csv`, `orders-2026.json`), by the
    /// columns of its header, or by `kind` in a JSON or YAML file.
    ///
    /// - Parameters:
    ///   - name: the file's name, for the kind, the format, and the report.
    ///   - bytes: its content: UTF-8, with or without a byte-order mark, or GB 18030.
    /// - Returns: the rows that are sound by themselves, and those that are not.
    /// - Throws: when the file as a whole cannot be trusted; nothing of it is to be taken. What is
    ///   wrong with single rows is in the batch.
    public static func read(
        name: String,
        bytes: [UInt8]
    ) throws(ImportRefusal) -> MasterDataBatch {
        guard bytes.count <= megabytesMax << 20 else {
            throw .tooLarge(file: name, megabytesMax: megabytesMax)
        }
        let endings = [".json", ".yaml", ".yml"]
        if endings.contains(where: name.lowercased().hasSuffix) {
            return try definitions(name, DefinitionTree(name: name, bytes: bytes))
        }
        guard let text = FileText.text(of: bytes) else { throw .notText(file: name) }
        return try table(name, CSVTable(text))
    }

    /// Puts files into an order in which those that name things come after those that have them.
    ///
    /// A file that cannot be read comes first: whoever imports it hears of it before anything else.
    public static func inOrder<Content: Collection<UInt8>>(
        _ files: [(name: String, bytes: Content)]
    ) -> [(name: String, bytes: Content)] {
        let places = files.map { file in
            do throws(ImportRefusal) {
                return try read(name: file.name, bytes: Array(file.bytes)).kind.place
            } catch {
                return -1
            }
        }
        return files.indices.sorted { (places[$0], $0) < (places[$1], $1) }.map { files[$0] }
    }

    // MARK: - CSV

    private static func table(
        _ name: String,
        _ table: CSVTable
    ) throws(ImportRefusal) -> MasterDataBatch {
        guard let header = table.rows.first else { throw .empty(file: name) }
        let columns = header.cells.map { $0.lowercased() }
        let kind = MasterDataKind.told(byName: name) ?? .told(byColumns: columns)
        guard let kind, kind.isTable else {
            throw .unknownKind(file: name, expected: MasterDataKind.names)
        }
        try check(columns, of: kind, line: header.line)
        var rows = TableRows(kind)
        for row in table.rows.dropFirst() {
            if row.cells.count != columns.count {
                rows.refuse(
                    row.line,
                    ImportRefusal.cellCount(expected: columns.count, read: row.cells.count),
                    key: nil
                )
                continue
            }
            let cells = Dictionary(zip(columns, row.cells)) { first, _ in first }
            rows.take(
                TableRow(
                    line: row.line,
                    cells: cells,
                    strayQuote: row.strayQuotes.first.map { columns[$0] }
                )
            )
        }
        return rows.batch(file: name)
    }

    private static func check(
        _ columns: [String],
        of kind: MasterDataKind,
        line: Int
    ) throws(ImportRefusal) {
        let known = kind.columns.required + kind.columns.optional
        let expected = known.joined(separator: ", ")
        for (index, column) in columns.enumerated() {
            guard known.contains(column) else {
                throw .unknownColumn(line: line, column: column, expected: expected)
            }
            guard !columns[..<index].contains(column) else {
                throw .repeatedColumn(line: line, column: column)
            }
        }
        for column in kind.columns.required where !columns.contains(column) {
            throw .missingColumn(line: line, column: column, expected: expected)
        }
    }

    // MARK: - JSON and YAML

    private static func definitions(
        _ name: String,
        _ tree: DefinitionTree
    ) throws(ImportRefusal) -> MasterDataBatch {
        if case .map(let map) = tree.node {
            if map["questions"] != nil { return DefinitionRows.form(name, tree) }
            if case .list(let list)? = map["categories"] {
                return DefinitionRows.categories(name, tree, list, map)
            }
        }
        let kind: MasterDataKind?
        let list: [FormNode]
        let path: String
        switch tree.node {
        case .list(let rows):
            (kind, list, path) = (MasterDataKind.told(byName: name), rows, "")
        case .map(let map):
            guard case .list(let rows)? = map["rows"], map.count <= 2,
                map.count == 1 || map["kind"] != nil
            else {
                throw .wrongShape(line: tree.line(of: ""), expected: "kind, rows")
            }
            kind = try toldInside(map["kind"], of: name) ?? .told(byName: name)
            (list, path) = (rows, "rows")
        default:
            throw .wrongShape(line: tree.line(of: ""), expected: "kind, rows")
        }
        guard let kind = kind ?? told(by: list), kind.isTable else {
            throw .unknownKind(file: name, expected: MasterDataKind.names)
        }
        guard !list.isEmpty else { throw .empty(file: name) }
        var rows = TableRows(kind)
        for (index, node) in list.enumerated() {
            let line = tree.line(of: "\(path)[\(index)]")
            rows.take(try TableRow(node, of: kind, line: line))
        }
        return rows.batch(file: name)
    }

    private static func toldInside(
        _ node: FormNode?,
        of name: String
    ) throws(ImportRefusal) -> MasterDataKind? {
        guard let node else { return nil }
        guard case .text(let word) = node, let kind = MasterDataKind(rawValue: word) else {
            throw .unknownKind(file: name, expected: MasterDataKind.names)
        }
        return kind
    }

    private static func told(by list: [FormNode]) -> MasterDataKind? {
        guard case .map(let first)? = list.first else { return nil }
        return .told(byColumns: first.keys.sorted())
    }
}

/// Definitions as rows: a broken one leaves the others of its file alone.
private enum DefinitionRows {
    static func form(_ name: String, _ tree: DefinitionTree) -> MasterDataBatch {
        var batch = MasterDataBatch(file: name, kind: .forms)
        do throws(FormRefusal) {
            let form = try FormDefinition(node: tree.node)
            batch.rows = [MasterDataBatch.Row(lines: [tree.line(of: "")], item: .form(form))]
        } catch {
            batch.refused = [refused(error, tree)]
        }
        return batch
    }

    static func categories(
        _ name: String,
        _ tree: DefinitionTree,
        _ list: [FormNode],
        _ map: [String: FormNode]
    ) -> MasterDataBatch {
        var batch = MasterDataBatch(file: name, kind: .categories)
        var first: [String: Int] = [:]
        for (index, node) in list.enumerated() {
            let line = tree.line(of: "categories[\(index)]")
            do throws(FormRefusal) {
                // The room reads lists, and knows which other keys the file must not have.
                var alone = map
                alone["categories"] = .list([node])
                for category in try ExceptionCategory.list(node: .map(alone)) {
                    if let earlier = first[category.code] {
                        let refusal = ImportRefusal.repeatedRow(key: category.code, line: earlier)
                        batch.refused.append(RefusedRow(line: line, refusal))
                    } else {
                        first[category.code] = line
                        batch.rows.append(
                            MasterDataBatch.Row(lines: [line], item: .category(category))
                        )
                    }
                }
            } catch {
                batch.refused.append(refused(error.moved(to: index), tree))
            }
        }
        return batch
    }

    private static func refused(_ refusal: FormRefusal, _ tree: DefinitionTree) -> RefusedRow {
        guard case .definition(_, let path, _, _) = refusal else {
            return RefusedRow(line: tree.line(of: ""), refusal)
        }
        return RefusedRow(line: tree.line(of: path), refusal)
    }
}

extension FormRefusal {
    /// The refusal of the only category of a list, at that category's place in its file.
    fileprivate func moved(to index: Int) -> FormRefusal {
        let alone = "categories[0]"
        guard case .definition(let fault, let path, let read, let expected) = self,
            path.hasPrefix(alone)
        else { return self }
        return .definition(
            fault,
            path: "categories[\(index)]" + path.dropFirst(alone.count),
            read: read,
            expected: expected
        )
    }
}
