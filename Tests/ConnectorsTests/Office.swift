import Codes
import Connectors
import Deflate
import Foundation
import Hub
import Sync
import Tally
import Testing

/// A hub in memory with one site, as the office that imports files knows it.
struct Office {
    /// What the project's own folder carries.
    static let templates = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Templates").standardizedFileURL

    let store = MemoryStore()
    var node: HubNode
    private var dice = SeededDice(seed: 3)
    private let reading = ClockReading(
        wall: Moment(milliseconds: 1_795_248_000_000),
        boot: 1,
        monotonicMilliseconds: 0
    )

    init() throws {
        var dice = SeededDice(seed: 4)
        let reading = reading
        node = try store.write { transaction in
            let node = try HubNode(
                opening: transaction,
                compressor: DeflateCompressor(format: .raw),
                reading: reading,
                dice: &dice
            )
            try HubNode.addSite("SZ1", in: transaction)
            return node
        }
    }

    /// Reads a file and registers what is new, as the command does.
    @discardableResult
    mutating func take(_ name: String, _ text: String) throws -> ImportReport {
        try take(MasterDataFile.read(name: name, bytes: Array(text.utf8)))
    }

    @discardableResult
    mutating func take(_ batch: MasterDataBatch) throws -> ImportReport {
        try store.write { transaction in
            var keys: [String: [UInt8]] = [:]
            for supplier in batch.suppliersWithoutKey {
                let seed = try node.signingSeed(of: supplier, dice: &dice, in: transaction)
                keys[supplier] = try NoteSigner(seed: seed).publicKey
            }
            let reader = node.reader(transaction)
            let plan = try batch.plan(
                sites: HubNode.sites(in: transaction),
                heldKeys: keys,
                record: reader.record(of:)
            )
            let registered = try node.register(
                plan.drafts,
                by: "",
                reading: reading,
                dice: &dice,
                in: transaction
            )
            #expect(registered.unchanged == 0, "a plan drafts only what is new or changed")
            return plan.report
        }
    }

    /// Files of the project's own folder.
    static func files(_ folder: String, _ ending: String) throws -> [(name: String, bytes: Data)] {
        let folder = templates.appending(path: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { $0.hasSuffix(ending) }.map { name in
            (name, try Data(contentsOf: folder.appending(path: name)))
        }
    }

    func read<Value>(_ body: (EntityReader) throws -> Value) throws -> Value {
        try store.read { try body(node.reader($0)) }
    }

    /// How many operations the hub has made.
    func operationCount() throws -> UInt64 {
        try store.read { reading in
            try reading.scopes().reduce(0) { try $0 + reading.head(of: $1) }
        }
    }
}
