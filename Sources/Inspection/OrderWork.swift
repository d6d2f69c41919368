import Foundation
import SwiftProtobuf
import Tally

/// What a crew wrote or used on an order.
public struct WorkNote: Hashable, Sendable {
    static let type = "maintenance_order.work_noted"

    /// A part that was built in.
    public struct Part: Hashable, Sendable {
        /// A material's code.
        public let material: String
        public let quantity: Quantity

        public init(material: String, quantity: Quantity) {
            self.material = NaturalKey.code(material)
            self.quantity = quantity
        }
    }

    public let evidence: Evidence
    /// A person's words; empty where a part says it.
    public let text: String
    public let parts: [Part]

    init?(_ recorded: Recorded) {
        guard recorded.type == Self.type,
            let (text, parts) = try? Self.content(of: recorded.payload)
        else { return nil }  // best effort: the hub quarantines what cannot be read
        evidence = recorded.evidence
        self.text = text
        self.parts = parts
    }

    static func content(of payload: [UInt8]) throws -> (text: String, parts: [Part]) {
        let wire: WireWorkNoted
        do {
            wire = try WireWorkNoted(serializedBytes: payload)
        } catch {
            throw InspectionRefusal.badPayload(type: type)
        }
        let parts = wire.parts.compactMap { part -> Part? in
            guard !part.material.isEmpty, let unit = Tally.Unit(part.unit),
                let scale = UInt8(exactly: part.scale),
                let quantity = Quantity(amount: part.amount, scale: scale, unit: unit)
            else { return nil }
            return Part(material: part.material, quantity: quantity)
        }
        guard parts.count == wire.parts.count else {
            throw InspectionRefusal.badPayload(type: type)
        }
        return (wire.text, parts)
    }

    static func payload(_ text: String, _ parts: [Part]) throws -> [UInt8] {
        var wire = WireWorkNoted()
        wire.text = text
        wire.parts = parts.map { part in
            var wirePart = WirePart()
            wirePart.material = part.material
            wirePart.amount = part.quantity.amount
            wirePart.scale = UInt32(part.quantity.scale)
            wirePart.unit = part.quantity.unit.code
            return wirePart
        }
        return try wire.serializedBytes()
    }
}

/// A step in the work on an order: who did what, when, and why.
public struct WorkStep: Hashable, Sendable {
    /// What was done; the words are those of the moves.
    public enum Kind: String, Hashable, Sendable {
        case take, pause, resume
        case handOver = "hand_over"
        case finish, cancel
    }

    public let kind: Kind
    public let evidence: Evidence
    /// A person's words; empty for none.
    public let note: String
    /// Whom the order was handed to: a badge; empty for whoever takes it.
    public let to: String

    init?(_ move: Recorded) {
        guard let verb = move.type.split(separator: ".").last,
            let kind = Kind(rawValue: String(verb))
        else { return nil }
        self.kind = kind
        evidence = move.evidence
        switch kind {
        case .finish, .cancel:
            note = (try? MaintenanceOrder.Ending(payload: move.payload))?.note ?? ""
            to = ""
        case .take, .pause, .resume, .handOver:
            let wire = try? WireHandedOver(serializedBytes: move.payload)
            note = wire?.note ?? ""
            to = wire?.to ?? ""
        }
    }

    /// Refuses bytes that are no such step.
    static func check(_ payload: [UInt8], _ type: String) throws {
        do {
            _ = try WireHandedOver(serializedBytes: payload)
        } catch {
            throw InspectionRefusal.badPayload(type: type)
        }
    }

    static func payload(note: String, to: String) throws -> [UInt8] {
        if note.isEmpty, to.isEmpty { return [] }
        var wire = WireHandedOver()
        wire.note = note
        wire.to = to
        return try wire.serializedBytes()
    }
}

extension MaintenanceOrder {
    /// How long people worked on the order until a moment: while it was taken and not paused.
    ///
    /// Clocks that were wrong are the hub's to put right; a stretch that would end before it began
    /// counts nothing.
    public func worked(until now: Moment) -> Int64 {
        var sum: Int64 = 0
        var since: Moment?
        for step in steps {
            switch step.kind {
            case .take, .resume: since = since ?? step.evidence.moment
            case .pause, .handOver, .finish, .cancel:
                if let begun = since {
                    sum += max(0, step.evidence.moment.milliseconds - begun.milliseconds)
                }
                since = nil
            }
        }
        if let since { sum += max(0, now.milliseconds - since.milliseconds) }
        return sum
    }

    /// What was built in, summed by material, in the order in which it was first used.
    public var parts: [WorkNote.Part] {
        var sums: [WorkNote.Part] = []
        for part in notes.flatMap(\.parts) {
            if let index = sums.firstIndex(where: { $0.material == part.material }),
                let sum = sums[index].quantity.adding(part.quantity)
            {
                sums[index] = WorkNote.Part(material: part.material, quantity: sum)
            } else {
                sums.append(part)
            }
        }
        return sums
    }
}
