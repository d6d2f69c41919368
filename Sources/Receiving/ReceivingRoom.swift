import Codes
import Tally

/// Receiving (仓库收货): the words of this room, and the entities that it knows.
public enum ReceivingRoom {
    /// The area of a site in which deliveries arrive.
    public static let area = "DOCK"

    /// What this room's entities are called.
    public enum EntityKind {
        public static let supplier = "supplier"
        public static let material = "material"
        public static let purchaseOrder = "purchase_order"
        public static let bin = "bin"
        public static let deliveryNote = "delivery_note"
        public static let receipt = "receipt"
        public static let arrivalOrder = "arrival_order"
        public static let lot = "lot"
    }

    /// The lifecycle of a receipt.
    public enum ReceiptStage {
        public static let open = "open"
        public static let closed = "closed"
    }

    static let closeMove = "receipt.close"
    static let cancelMove = "delivery_note.cancel"
    static let holdMove = "lot.hold"
    static let freeMove = "lot.free"
    /// The supplier of goods without papers, until somebody knows better.
    public static let unknownSupplier = "?"
    /// The rule of a receipt that was opened without papers.
    public static let withoutPapers = "without_papers"

    public static let vocabulary = Vocabulary(
        facts: Set(ReceiptFact.types),
        decisions: [
            SupplierRegistration.type, MaterialRegistration.type, PurchaseOrder.type, Bin.type,
            DeliveryNote.type, ArrivalOrder.type,
        ],
        lifecycles: [
            EntityKind.receipt: Lifecycle(
                initial: ReceiptStage.open,
                moves: [
                    Lifecycle.Move(
                        closeMove,
                        from: [ReceiptStage.open],
                        to: ReceiptStage.closed
                    )
                ]
            ),
            EntityKind.deliveryNote: Lifecycle(
                initial: "issued",
                moves: [Lifecycle.Move(cancelMove, from: ["issued"], to: "cancelled")]
            ),
            EntityKind.lot: Lifecycle(
                initial: "free",
                moves: [
                    Lifecycle.Move(
                        holdMove,
                        from: ["free", "held"],
                        to: "held",
                        alwaysStands: true
                    ),
                    // From any stage: it takes back the holds that it names.
                    Lifecycle.Move(freeMove, from: ["free", "held"], to: "free"),
                ]
            ),
        ],
        lanes: [EntityKind.receipt: .receipts, EntityKind.deliveryNote: .receipts]
    )

    /// A problem code when a payload is not what its type says; nil when it is sound.
    public static func flaw(_ type: String, _ payload: [UInt8]) -> ProblemCode? {
        guard ReceiptFact.types.contains(type) else { return HeldLot.flaw(type, payload) }
        do {
            _ = try ReceiptFact(type: type, payload: payload)
            return nil
        } catch {
            return error.code
        }
    }

    /// The supplier's entity, shared by all sites.
    public static func supplierKey(_ code: String) -> EntityKey {
        key(.company, EntityKind.supplier, NaturalKey.code(code))
    }

    /// The entity of a material.
    public static func materialKey(_ code: String) -> EntityKey {
        key(.company, EntityKind.material, NaturalKey.code(code))
    }

    /// The entity of a purchase order.
    public static func purchaseOrderKey(_ number: String) -> EntityKey {
        key(.company, EntityKind.purchaseOrder, NaturalKey.number(number))
    }

    /// The entity of a bin; its code is unique in the scope.
    public static func binKey(_ code: String, in scope: Scope) -> EntityKey {
        key(scope, EntityKind.bin, NaturalKey.code(code))
    }

    /// The lot of a material at a site.
    public static func lotKey(material: String, lot: String, site: String) -> EntityKey {
        EntityKey(
            scope: Scope(site: NaturalKey.code(site), area: area),
            kind: EntityKind.lot,
            id: .derived(EntityKind.lot, NaturalKey.code(material), NaturalKey.number(lot))
        )
    }

    /// A supplier's note: supplier and number name it, so that the terminal which scanned the paper
    /// and the hub which issued it meet.
    public static func deliveryNoteKey(site: String, supplier: String, number: String) -> EntityKey
    {
        EntityKey(
            scope: Scope(site: NaturalKey.code(site), area: area),
            kind: EntityKind.deliveryNote,
            id: .derived(
                EntityKind.deliveryNote,
                NaturalKey.code(supplier),
                NaturalKey.number(number)
            )
        )
    }

    /// One arrival of one note at one site: two terminals that open the same ordinal meet in one
    /// receipt.
    public static func receiptKey(
        site: String,
        supplier: String,
        number: String,
        ordinal: Int
    ) -> EntityKey {
        let site = NaturalKey.code(site)
        return EntityKey(
            scope: Scope(site: site, area: area),
            kind: EntityKind.receipt,
            id: .derived(
                EntityKind.receipt,
                site,
                NaturalKey.code(supplier),
                NaturalKey.number(number),
                String(ordinal)
            )
        )
    }

    /// The one arrival order of a receipt.
    public static func arrivalOrderKey(of receipt: EntityKey) -> EntityKey {
        EntityKey(
            scope: receipt.scope,
            kind: EntityKind.arrivalOrder,
            id: .derived(EntityKind.arrivalOrder, receipt.id.description)
        )
    }

    private static func key(_ scope: Scope, _ kind: String, _ code: String) -> EntityKey {
        EntityKey(scope: scope, kind: kind, id: .derived(kind, code))
    }
}
