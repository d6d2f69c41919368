import Codes
import Foundation
import SwiftProtobuf
import Tally

/// A delivery note (发货单) that the hub knows: from a supplier's page, its API, or the office.
public struct DeliveryNote: Hashable, Sendable {
    public static let type = "delivery_note.issued"

    public let content: NoteContent
    /// The signed text of its QR code; empty for a note that the office entered.
    public let text: String
    public let isCancelled: Bool

    /// Reads a note from its entity; nil when the hub never issued it.
    public init?(_ record: EntityRecord) {
        guard let decision = record.decisions[Self.type],
            let wire = try? WireDeliveryNoteIssued(serializedBytes: decision.payload),
            let content = try? NoteContent(serialised: Array(wire.note))
        else { return nil }  // best effort: only the hub writes these, and checks them first
        self.content = content
        text = wire.text
        isCancelled = record.stage == "cancelled"
    }

    /// Issues a note.
    ///
    /// - Parameters:
    ///   - content: what the supplier says it sends.
    ///   - text: the signed text, or empty.
    /// - Returns: the decision that gives the note to the site's terminals.
    /// - Throws: what the content's encoding throws.
    public static func issue(_ content: NoteContent, text: String) throws -> Draft {
        var wire = WireDeliveryNoteIssued()
        wire.note = Data(try content.serialised())
        wire.text = text
        return Draft(
            .decision,
            of: ReceivingRoom.deliveryNoteKey(
                site: content.site,
                supplier: content.supplier,
                number: content.number
            ),
            type: type,
            payload: try wire.serializedBytes()
        )
    }
}
