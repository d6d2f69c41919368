import Codes
import Receiving
import Sync
import Tally

/// The suppliers' side of the hub: their keys, and the notes that they make.
extension HubNode {
    private static func secret(of supplier: String) -> SettingKey {
        SettingKey("supplier.private_key.\(supplier)")
    }

    /// The seed of the key pair that the hub holds for a supplier, made when there is none.
    public func signingSeed(
        of supplier: String,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> [UInt8] {
        let key = Self.secret(of: NaturalKey.code(supplier))
        if let seed = try transaction.setting(key) { return seed }
        let seed = (0..<4).flatMap { _ in dice.next().bigEndianBytes }
        try transaction.set(key, to: seed)
        return seed
    }

    /// A new key pair in the place of the one that the hub holds for a supplier.
    func replaceSigningSeed(
        of supplier: String,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> [UInt8] {
        let seed = (0..<4).flatMap { _ in dice.next().bigEndianBytes }
        try transaction.set(Self.secret(of: NaturalKey.code(supplier)), to: seed)
        return seed
    }

    /// Makes a delivery note for a supplier: signs it, and issues it to the site's terminals.
    ///
    /// - Returns: the signed text for the note's QR codes; for a note that 12 of them cannot hold,
    ///   its digest.
    public mutating func makeNote(
        _ content: NoteContent,
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> String {
        let content = try content.normalised()
        let supplier = ReceivingRoom.supplierKey(content.supplier)
        guard SupplierRegistration(try reader(transaction).record(of: supplier)) != nil else {
            throw HubRefusal.unknownSupplier(content.supplier)
        }
        guard try Self.sites(in: transaction).contains(content.site) else {
            throw HubRefusal.unknownSite(content.site)
        }
        let seed = try signingSeed(of: content.supplier, dice: &dice, in: transaction)
        let text = try SignedNote.makeOrDigest(
            content,
            signer: try NoteSigner(seed: seed),
            compressor: compressor
        )
        let draft = try DeliveryNote.issue(content, text: text)
        try record([draft], by: author, reading: reading, dice: &dice, in: transaction)
        return text
    }

    /// Rules on two counts of a receipt that did not know of each other.
    public mutating func settle(
        receipt: EntityKey,
        _ one: OperationID,
        _ other: OperationID,
        _ ruling: ReceiptFact.Ruling,
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        guard let known = Receipt(try reader(transaction).record(of: receipt)) else {
            throw ReceivingRefusal.unknownReceipt(receipt.id.description)
        }
        let drafts = try known.settle(one, other, ruling)
        try record(drafts, by: author, reading: reading, dice: &dice, in: transaction)
    }

    /// Says which of the signed notes of a receipt that differ holds: that of this opening.
    public mutating func settleNotes(
        receipt: EntityKey,
        keeping opening: OperationID,
        by author: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        guard let known = Receipt(try reader(transaction).record(of: receipt)) else {
            throw ReceivingRefusal.unknownReceipt(receipt.id.description)
        }
        let drafts = try known.settleNotes(keeping: opening)
        try record(drafts, by: author, reading: reading, dice: &dice, in: transaction)
    }
}
