import Codes
import Receiving
import Sync
import Tally

// What the page shows about receiving. Pure: the page asks inside a read of the store.

extension EntityReader {
    /// The receipt of an id; nil when it is not known here.
    public func receipt(_ id: Identifier, site: String) throws -> Receipt? {
        let scope = Scope(site: site, area: ReceivingRoom.area)
        let kind = ReceivingRoom.EntityKind.receipt
        return Receipt(try record(of: EntityKey(scope: scope, kind: kind, id: id)))
    }

    /// The receipts that are open, the latest first.
    public func openReceipts(site: String) throws -> [Receipt] {
        try receipts(site: site).filter { !$0.isClosed }
            .sorted { ($1.opened.moment, $0.key) < ($0.opened.moment, $1.key) }
    }

    /// The notes that nobody has begun to receive here, or only by a code that nobody signed, by
    /// their promised arrival.
    public func expectedNotes(site: String) throws -> [DeliveryNote] {
        let scope = Scope(site: site, area: ReceivingRoom.area)
        return try records(kind: ReceivingRoom.EntityKind.deliveryNote, in: scope)
            .compactMap(DeliveryNote.init)
            .filter { note in
                let first = ReceivingRoom.receiptKey(
                    site: site,
                    supplier: note.content.supplier,
                    number: note.content.number,
                    ordinal: 1
                )
                return try !note.isCancelled
                    && (Receipt(record(of: first)).map(\.isUnsigned) ?? true)
            }
            .sorted { one, other in
                (one.content.promisedArrival, one.content.number)
                    < (other.content.promisedArrival, other.content.number)
            }
    }

    /// The arrival order that the hub made of a receipt; nil before it came down.
    public func arrivalOrder(of receipt: Receipt) throws -> ArrivalOrder? {
        ArrivalOrder(try record(of: ReceivingRoom.arrivalOrderKey(of: receipt.key)))
    }

    /// What a material is called; its code where nobody registered it.
    public func materialName(_ code: String) throws -> String {
        MaterialRegistration(try record(of: ReceivingRoom.materialKey(code)))?.name ?? code
    }

    /// What a supplier is called; its code where nobody registered it.
    public func supplierName(_ code: String) throws -> String {
        SupplierRegistration(try record(of: ReceivingRoom.supplierKey(code)))?.name ?? code
    }

    private func receipts(site: String) throws -> [Receipt] {
        let scope = Scope(site: site, area: ReceivingRoom.area)
        return try records(kind: ReceivingRoom.EntityKind.receipt, in: scope)
            .compactMap(Receipt.init)
    }
}
