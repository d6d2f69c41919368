import Codes
import Receiving
import Tally

/// A receipt built from facts alone: what the rooms see, without stores and sync.
///
/// Terminals are numbers; each fact says up to which place in the hub's order its terminal had seen
/// the dock, since that decides who could see whom.
struct Dock {
    static let note = NoteContent(
        supplier: "S-1",
        number: "DN-1",
        site: "SZ1",
        issuedAt: Moment(milliseconds: 0),
        promisedArrival: Moment(milliseconds: 0),
        lines: [
            NoteContent.Line(
                number: 1,
                purchaseOrder: "PO-1",
                purchaseOrderLine: 10,
                material: "BRG-6204",
                quantity: Quantity(count: 60),
                lot: "L1",
                cartons: ["069012340000000016", "069012340000000023", "069012340000000030"]
            ),
            NoteContent.Line(
                number: 2,
                purchaseOrder: "PO-1",
                purchaseOrderLine: 20,
                material: "BOLT-M8",
                quantity: Quantity(count: 100)
            ),
        ]
    )
    static let key = ReceivingRoom.receiptKey(
        site: "SZ1",
        supplier: "S-1",
        number: "DN-1",
        ordinal: 1
    )

    /// In the order of recording.
    var facts: [Recorded] = []
    var moves: [JudgedMove] = []
    private var sequences: [UInt64: UInt64] = [:]
    private var minutes: Int64 = 0

    /// The dock with the note's receipt opened by terminal 1 and seen by everyone.
    static func opened() throws -> Dock {
        var dock = Dock()
        try dock.record(.opened(note: note, text: "TMN1:X", ordinal: 1), on: 1, at: 1)
        return dock
    }

    var record: EntityRecord {
        var record = EntityRecord(key: Self.key)
        record.facts = facts.sorted { $0.evidence.operation < $1.evidence.operation }
        record.moves = moves
        return record
    }

    /// The receipt; the test fails where there is none.
    func receipt() throws -> Receipt {
        guard let receipt = Receipt(record) else { throw ReceivingRefusal.unknownReceipt("") }
        return receipt
    }

    private mutating func evidence(
        _ terminal: UInt64,
        seen: UInt64,
        at position: UInt64?
    ) -> Evidence {
        sequences[terminal, default: 0] += 1
        minutes += 1
        return Evidence(
            operation: OperationID(
                replica: Identifier(high: 0, low: terminal),
                incarnation: 1,
                sequence: sequences[terminal] ?? 0
            ),
            author: "W\(terminal)",
            moment: Moment(milliseconds: minutes * 60_000),
            timeUnsure: false,
            seen: seen,
            position: position
        )
    }

    /// Records a fact.
    ///
    /// - Parameters:
    ///   - fact: what was seen.
    ///   - terminal: who saw it.
    ///   - seen: the place in the hub's order that the terminal had seen; the opening is at 1.
    ///   - position: the place that the hub gave the fact; nil while it has not.
    /// - Returns: its name.
    /// - Throws: where the fact has no payload.
    @discardableResult
    mutating func record(
        _ fact: ReceiptFact,
        on terminal: UInt64,
        seen: UInt64 = 1,
        at position: UInt64? = nil
    ) throws -> OperationID {
        let evidence = evidence(terminal, seen: seen, at: position)
        facts.append(Recorded(evidence: evidence, type: fact.type, payload: try fact.payload()))
        return evidence.operation
    }

    /// Counts so many pieces of a line.
    @discardableResult
    mutating func count(
        _ pieces: Int64,
        line: Int = 2,
        lot: String = "",
        on terminal: UInt64,
        seen: UInt64 = 1,
        at position: UInt64? = nil
    ) throws -> OperationID {
        let fact = ReceiptFact.counted(
            line: line,
            lot: lot,
            quantity: Quantity(count: pieces),
            asNoted: false
        )
        return try record(fact, on: terminal, seen: seen, at: position)
    }

    /// Closes the receipt, as the drafts of the room do it.
    mutating func close(on terminal: UInt64 = 1) throws {
        let drafts = try receipt().close()
        for draft in drafts {
            let recorded = Recorded(
                evidence: evidence(terminal, seen: 1, at: nil),
                type: draft.type,
                payload: draft.payload
            )
            moves.append(
                JudgedMove(
                    recorded: recorded,
                    from: ReceivingRoom.ReceiptStage.open,
                    stands: true
                )
            )
        }
    }

    /// The pieces that were counted of a line.
    func counted(line: Int = 2) throws -> Int64? {
        try receipt().totals.first { $0.line.number == line }?.counted.amount
    }
}
