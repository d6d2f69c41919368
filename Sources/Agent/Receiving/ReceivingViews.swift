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

    /// The codes of a site's bins, sorted.
    public func bins(site: String) throws -> [String] {
        let scope = Scope(site: site, area: ReceivingRoom.area)
        return try records(kind: ReceivingRoom.EntityKind.bin, in: scope)
            .compactMap(Bin.init).map(\.code).sorted()
    }

    /// Where what is left of a line should lie, and why; nil when nothing is left, or every bin
    /// has other goods.
    public func putAwaySuggestion(
        _ receipt: Receipt,
        line number: Int
    ) throws -> PutAwaySuggestion? {
        let site = receipt.key.scope.site
        guard let line = receipt.lines.first(where: { $0.number == number }),
            let left = receipt.leftToPutAway(number).first
        else { return nil }
        return PutAwaySuggestion.find(
            material: line.material,
            lot: left.lot,
            bins: try bins(site: site),
            laid: try receipts(site: site).flatMap(\.putAways)
        )
    }

    /// The notes that are expected, those first of which a line is wanted by a machine or a team.
    ///
    /// - Parameter site: the terminal's.
    /// - Returns: each note with who waits for something of it, then by promised arrival.
    /// - Throws: what the store throws.
    public func expectedArrivals(
        site: String
    ) throws -> [(note: DeliveryNote, wantedBy: [String])] {
        let notes = try expectedNotes(site: site).map { note in
            (note: note, wantedBy: try wanted(note.content))
        }
        return notes.filter { !$0.wantedBy.isEmpty } + notes.filter(\.wantedBy.isEmpty)
    }

    /// Who waits for goods of a note, each once.
    public func wanted(_ note: NoteContent) throws -> [String] {
        var wanted: [String] = []
        for line in note.lines where !line.purchaseOrder.isEmpty {
            let record = try record(of: ReceivingRoom.purchaseOrderKey(line.purchaseOrder))
            let placed = PurchaseOrder(record)?.lines
                .first { $0.number == line.purchaseOrderLine && $0.material == line.material }
            if let by = placed?.wantedBy, !by.isEmpty, !wanted.contains(by) { wanted.append(by) }
        }
        return wanted
    }

    /// How much more than noted may come of a material, in per cent.
    public func tolerance(of material: String) throws -> Int {
        MaterialRegistration(try record(of: ReceivingRoom.materialKey(material)))?
            .overDeliveryPercent ?? 0
    }

    /// A lot of a material, held or not.
    public func lot(_ lot: String, of material: String, site: String) throws -> HeldLot {
        let key = ReceivingRoom.lotKey(material: material, lot: lot, site: site)
        return HeldLot(try record(of: key), material: material, lot: lot)
    }

    /// How the supplier of a receipt stands; in good standing where nobody registered it.
    public func standing(of supplier: String) throws -> SupplierStanding {
        let record = try record(of: ReceivingRoom.supplierKey(supplier))
        return SupplierRegistration(record)?.standing ?? SupplierStanding()
    }

    /// Whether clerks count this receipt without seeing what was noted: while it is open.
    public func countsBlind(_ receipt: Receipt) throws -> Bool {
        guard !receipt.isClosed else { return false }
        return try standing(of: receipt.note.supplier).countsBlind
    }

    /// Whether the hub's own note of this receipt was cancelled.
    public func isCancelled(_ receipt: Receipt) throws -> Bool {
        let key = ReceivingRoom.deliveryNoteKey(
            site: receipt.key.scope.site,
            supplier: receipt.note.supplier,
            number: receipt.note.number
        )
        return DeliveryNote(try record(of: key))?.isCancelled ?? false
    }

    /// The closed receipts that wait for a person's ruling, the one that waits longest first.
    public func receiptsToSettle(site: String) throws -> [Receipt] {
        try receipts(site: site).filter { !$0.doubts.isEmpty }
            .sorted { ($0.settleBy, $0.key) < ($1.settleBy, $1.key) }
    }

    private func receipts(site: String) throws -> [Receipt] {
        let scope = Scope(site: site, area: ReceivingRoom.area)
        return try records(kind: ReceivingRoom.EntityKind.receipt, in: scope)
            .compactMap(Receipt.init)
    }
}

extension Receipt {
    /// By when the first of its doubts is to be ruled on.
    public var settleBy: Moment { doubts.map(\.deadline).min() ?? opened.moment }
}
