import Codes
import Receiving
import Sync
import Tally

// Which note a scanned text stands for, and whether it is believed: all offline, from what the
// terminal has of suppliers and notes.

extension FloorDesk {
    /// Opens the receipt of a scanned text.
    func open(_ text: String) throws -> Outcome {
        if text.hasPrefix(SignedDigest.prefix) { return try open(digest: text) }
        if !text.hasPrefix(SignedNote.prefix),
            case .supplierCode(let code) = try parser.meaning(of: text), code.carrier == .note
        {
            return try open(code, text)
        }
        let note = try SignedNote.open(
            text,
            keys: try supplierKeys(),
            now: now,
            compressor: compressor
        ).content
        let issued = try issued(supplier: note.supplier, number: note.number)
        return try open(Receipt.Paper(note, text: text, issued: issued))
    }

    func open(_ paper: Receipt.Paper) throws -> Outcome {
        let opened = try Receipt.open(
            paper,
            at: site,
            receipt: { Receipt(try reader.record(of: $0)) }
        )
        return (opened.key, opened.drafts)
    }

    /// The hub's own note of this number; nil when it is not on this terminal.
    func issued(supplier: String, number: String) throws -> DeliveryNote? {
        DeliveryNote(
            try reader.record(
                of: ReceivingRoom.deliveryNoteKey(site: site, supplier: supplier, number: number)
            )
        )
    }

    /// The keys of all suppliers, from master data.
    func supplierKeys() throws -> [SupplierKey] {
        try reader.records(kind: ReceivingRoom.EntityKind.supplier)
            .compactMap(SupplierRegistration.init).flatMap(\.keys)
    }

    /// A note that is too long for its symbols: the lines are those that came by sync.
    private func open(digest text: String) throws -> Outcome {
        let digest = try SignedDigest.open(
            text,
            keys: try supplierKeys(),
            now: now,
            compressor: compressor
        )
        let (number, supplier) = (digest.number, digest.supplier)
        guard digest.site == site else {
            throw ReceivingRefusal.otherSite(note: number, site: digest.site, here: site)
        }
        guard let issued = try issued(supplier: supplier, number: number) else {
            throw ReceivingRefusal.noteNotHere(
                note: number,
                supplier: supplier,
                lines: digest.lineCount
            )
        }
        guard digest.fits(issued.content) else {
            throw ReceivingRefusal.noteNotAsDigest(note: number, supplier: supplier)
        }
        return try open(Receipt.Paper(issued.content, text: digest.text, issued: issued))
    }

    // MARK: - Codes that nobody signed

    /// The hub's own note where it is here; else one made up from the code, if the supplier's codes
    /// may be received so.
    private func open(_ code: SupplierCode, _ text: String) throws -> Outcome {
        let supplier = try supplier(of: code)
        if let issued = try issued(supplier: supplier, number: code.number) {
            return try open(Receipt.Paper(issued.content, text: "", issued: issued))
        }
        let record = try reader.record(of: ReceivingRoom.supplierKey(supplier))
        guard let known = SupplierRegistration(record) else {
            throw ReceivingRefusal.supplierUnknown(note: code.number, supplier: supplier)
        }
        guard known.takesUnsigned else {
            throw ReceivingRefusal.unsignedNotTaken(note: code.number, supplier: known.code)
        }
        let note = NoteContent(
            supplier: known.code,
            number: code.number,
            site: site,
            issuedAt: now,
            promisedArrival: now,
            lines: try lines(of: code)
        )
        return try open(
            Receipt.Paper(try note.normalised(needsLines: false), text: text, rule: code.rule)
        )
    }

    /// Whose note it is: as the code or its rule says, else whose of this number is here.
    private func supplier(of code: SupplierCode) throws -> String {
        if !code.supplier.isEmpty { return code.supplier }
        let notes = try reader.records(kind: ReceivingRoom.EntityKind.deliveryNote)
            .compactMap(DeliveryNote.init).map(\.content)
            .filter { $0.site == site && $0.number == code.number }
        guard let note = notes.first, notes.count == 1 else {
            throw ReceivingRefusal.supplierUnknown(note: code.number, supplier: "")
        }
        return note.supplier
    }

    /// What the code says is coming; else what the order that it names was placed for.
    private func lines(of code: SupplierCode) throws -> [NoteContent.Line] {
        let said = code.lines.isEmpty ? [code.fields] : code.lines
        let lines = said.enumerated().compactMap { index, fields in
            NoteContent.Line(fields, number: index + 1, of: code)
        }
        guard lines.isEmpty, let number = code[SupplierCode.Field.order] else { return lines }
        let record = try reader.record(of: ReceivingRoom.purchaseOrderKey(number))
        guard let order = PurchaseOrder(record), order.supplier == code.supplier else { return [] }
        return order.lines.filter { $0.quantity.amount > 0 }.map { line in
            NoteContent.Line(
                number: line.number,
                purchaseOrder: order.number,
                purchaseOrderLine: line.number,
                material: line.material,
                quantity: line.quantity
            )
        }
    }
}

extension NoteContent.Line {
    /// A line from the fields of a supplier's own code; nil where they name no goods or no amount.
    fileprivate init?(_ fields: [String: String], number: Int, of code: SupplierCode) {
        typealias Field = SupplierCode.Field
        let material = NaturalKey.code(fields[Field.material] ?? fields[Field.part] ?? "")
        let unit = fields[Field.unit].map { Unit($0.uppercased()) } ?? .piece
        guard !material.isEmpty, let unit,
            let quantity = Quantity(text: fields[Field.quantity] ?? "", unit: unit),
            quantity.amount > 0
        else { return nil }
        self.init(
            number: number,
            purchaseOrder: fields[Field.order] ?? code.fields[Field.order] ?? "",
            material: material,
            description: fields[Field.description] ?? "",
            quantity: quantity,
            lot: fields[Field.lot] ?? ""
        )
    }
}
