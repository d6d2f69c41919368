import Codes
import Connectors
import Hub
import Sync
import Tally

extension HubDesk {
    /// Takes in a file of master data: what is new or changed is recorded, in one transaction; what
    /// is wrong is in the report, row by row.
    func importFile(_ name: String, _ content: [UInt8]) async throws -> ImportReport {
        let batch: MasterDataBatch
        do {
            batch = try MasterDataFile.read(name: name, bytes: content)
        } catch {
            return ImportReport(file: name, refused: error)
        }
        return try await shell.write { node, dice, reading, transaction in
            var keys: [String: [UInt8]] = [:]
            for supplier in batch.suppliersWithoutKey {
                let seed = try node.signingSeed(of: supplier, dice: &dice, in: transaction)
                keys[supplier] = try NoteSigner(seed: seed).publicKey
            }
            let reader = node.reader(transaction)
            let plan = try batch.plan(
                sites: try HubNode.sites(in: transaction),
                heldKeys: keys,
                record: reader.record
            )
            _ = try node.register(
                plan.drafts,
                by: "",
                reading: reading,
                dice: &dice,
                in: transaction
            )
            return plan.report
        }
    }
}
