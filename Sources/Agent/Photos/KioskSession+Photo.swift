import Codes
import Sync
import Tally

extension KioskSession {
    /// Takes a photo that is kept already where the page asks for one: beside the damage that is
    /// about to be recorded, in a report that is being made, or as the answer to a question.
    ///
    /// - Parameters:
    ///   - photo: its name.
    ///   - node: the terminal.
    ///   - reading: the clocks now.
    ///   - dice: for ids.
    ///   - transaction: the terminal's store.
    /// - Returns: what the page shows about it.
    /// - Throws: a ``Refusal`` where no photo is asked for; the page stays as it was.
    public mutating func take(
        photo: ContentHash,
        _ node: inout TerminalNode,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> Feedback {
        guard let worker else { throw AgentRefusal.nobodySignedIn }
        switch place {
        case .receipt(_, let line?) where numberIsDamage:
            damagePhoto = photo
            return Feedback(.attention, "kiosk.damage_photo", ["line": String(line)])
        case .report(var draft):
            draft.photo = photo
            place = .report(draft)
            return Feedback(.good, "kiosk.photo_taken")
        case .inspection(let id, let question?):
            var session = self
            var desk = ScanDesk(node: node, reading: reading, transaction: transaction)
            try desk.answer(photo, id, question, worker, &session, &dice)
            self = session
            node = desk.node
            return Feedback(.good, "kiosk.photo_taken")
        default:
            throw AgentRefusal.photoHasNoPlace
        }
    }
}

extension FloorDesk {
    /// The SHA-256 of a photo as the rooms keep it; nothing for none.
    func photo(_ text: String?) throws -> [UInt8] {
        guard let text else { return [] }
        guard let hash = [UInt8](hexadecimal: text).flatMap({ ContentHash(bytes: $0) }) else {
            throw AgentRefusal.badIdentifier(field: "photo", value: String(text.prefix(80)))
        }
        return hash.bytes
    }
}
