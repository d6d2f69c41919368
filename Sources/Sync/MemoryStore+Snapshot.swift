import Tally

// What a store in memory keeps for snapshots.

extension Tables {
    func eachCell(
        of scope: Scope,
        _ visit: (EntityKey, [UInt8], [UInt8]) throws -> Void
    ) throws {
        for (entity, cells) in cells.filter({ $0.key.scope == scope }).sorted(by: {
            $0.key < $1.key
        }) {
            let sorted = cells.map { ($0.key.bytes, $0.value) }
                .sorted { $0.0.lexicographicallyPrecedes($1.0) }
            for (key, value) in sorted { try visit(entity, key, value) }
        }
    }

    func piece(_ hash: [UInt8], of scope: Scope) -> [UInt8]? { pieces[scope]?[hash] }

    func hasPiece(_ hash: [UInt8], of scope: Scope) -> Bool { pieces[scope]?[hash] != nil }

    func load(_ state: EntityState) throws {
        for (key, value) in state.cells { try setCell(key, of: state.entity, to: value) }
    }

    func raiseHead(of scope: Scope, to position: UInt64) throws {
        try willChange()
        if position > heads[scope] ?? 0 { heads.set(scope, to: position) }
    }

    func putPiece(_ hash: [UInt8], _ bytes: [UInt8], of scope: Scope) throws {
        try willChange()
        var kept = pieces[scope] ?? [:]
        kept[hash] = bytes
        pieces.set(scope, to: kept)
    }

    func dropPieces(of scope: Scope, except kept: Set<[UInt8]>) throws {
        try willChange()
        pieces.set(scope, to: pieces[scope]?.filter { kept.contains($0.key) })
    }
}
