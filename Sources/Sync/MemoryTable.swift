/// Rows by key, with a journal by which a transaction is undone.
struct MemoryTable<Key: Hashable, Value> {
    private(set) var rows: [Key: Value] = [:]
    /// What the transaction has changed, with what was there before.
    private var journal: [(key: Key, old: Value?)] = []

    subscript(key: Key) -> Value? { rows[key] }

    /// Sets a row, or takes it away with nil.
    mutating func set(_ key: Key, to value: Value?) {
        let old: Value?
        if let value {
            old = rows.updateValue(value, forKey: key)
        } else {
            old = rows.removeValue(forKey: key)
        }
        journal.append((key, old))
    }

    mutating func commit() {
        if !journal.isEmpty { journal.removeAll(keepingCapacity: true) }
    }

    mutating func rollBack() {
        while let (key, old) = journal.popLast() { rows[key] = old }
    }
}
