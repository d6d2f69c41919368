import Foundation
import Ledger
import Sync
import Tally

/// What a stopped daemon's log holds.
struct LogReading {
    /// How often each operation is there.
    private(set) var counts: [String: Int] = [:]
    /// How often each mark is there, by the type of the operation that carries it.
    private(set) var marks: [String: [String: Int]] = [:]
    /// Who wrote there; empty for the hub.
    private(set) var authors: Set<String> = []

    /// Reads the whole log of a data folder.
    init(_ folder: String) throws {
        let store = try LedgerStore(try DataFolder(folder))
        var offset = 0
        while true {
            let page = try store.read { try $0.log(offset: offset, limit: 500) }
            guard !page.isEmpty else { break }
            offset += page.count
            for logged in page { take(logged.operation) }
        }
        try store.close()
    }

    private mutating func take(_ operation: Sync.Operation) {
        counts[operation.id.description, default: 0] += 1
        authors.insert(operation.author)
        let payload = Data(operation.payload)
        guard let start = payload.range(of: Data("mark-".utf8))?.lowerBound else { return }
        let end = payload[start...].firstIndex(of: UInt8(ascii: ".")) ?? payload.endIndex - 1
        let mark = String(decoding: payload[start...end], as: UTF8.self)
        marks[mark, default: [:]][operation.type, default: 0] += 1
    }

    /// What is not as the people at the terminals were told; empty when all is well.
    func contradictions(to record: ShiftRecord) -> [String] {
        var found: [String] = []
        for id in record.saved where counts[id] != 1 {
            found.append("\(id) was saved, and is there \(counts[id] ?? 0) times")
        }
        let twice = Dictionary(grouping: record.saved) { $0 }.filter { $0.value.count > 1 }
        found += twice.keys.map { "\($0) was answered to two commands" }
        for (mark, isAnswered) in record.marks {
            let types = marks[mark] ?? [:]
            if isAnswered, types.isEmpty { found.append("\(mark) was saved, and is not there") }
            for (type, count) in types where count > 1 {
                found.append("\(type) with \(mark) was recorded \(count) times")
            }
        }
        return found
    }
}
