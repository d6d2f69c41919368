import Foundation
import SwiftProtobuf
import Tally

/// What a line worker reports: one voice of a report; the first makes it.
public struct Raising: Hashable, Sendable {
    static let type = "exception_report.raised"

    /// The code of an exception category.
    public let category: String
    /// The tag of a machine; empty when the report is about a station.
    public let equipment: String
    /// The code of a station; empty when the report is about a machine.
    public let station: String
    /// A person's words; may be empty, since phrases, a scan and a photo can say it.
    public let text: String
    /// The SHA-256 of a photo, 32 bytes; empty for none.
    public let photo: [UInt8]
    /// Empty for none.
    public let productionOrder: String
    /// Codes of the category's phrases about the problem, in the order in which they were chosen.
    public let phrases: [String]
    /// The material at hand and its lot; empty for none.
    public let material: String
    public let lot: String
    /// From 1 up among the reports on this place and category; 0 before it has a place.
    public internal(set) var ordinal = 0

    /// The code of what it is about.
    public var place: String { equipment.isEmpty ? station : equipment }

    /// Whether it says anything beside its place and category.
    public var saysSomething: Bool { !text.isBlank || !phrases.isEmpty || !photo.isEmpty }

    public init(
        category: String,
        equipment: String = "",
        station: String = "",
        text: String = "",
        photo: [UInt8] = [],
        productionOrder: String = "",
        phrases: [String] = [],
        material: String = "",
        lot: String = ""
    ) {
        self.category = category
        self.equipment = NaturalKey.code(equipment)
        self.station = NaturalKey.code(station)
        self.text = text
        self.photo = photo
        self.productionOrder = NaturalKey.number(productionOrder)
        self.phrases = phrases
        self.material = NaturalKey.code(material)
        self.lot = NaturalKey.number(lot)
    }

    init(payload: [UInt8]) throws {
        do {
            try self.init(WireRaised(serializedBytes: payload))
        } catch {
            throw ExceptionRefusal.badPayload(type: Self.type)
        }
    }

    init(_ wire: WireRaised) throws {
        self.init(
            category: wire.category,
            equipment: wire.equipment,
            station: wire.station,
            text: wire.text,
            photo: Array(wire.photo),
            productionOrder: wire.productionOrder,
            phrases: wire.phrases,
            material: wire.material,
            lot: wire.lot
        )
        ordinal = Int(wire.ordinal)
        guard !category.isEmpty, photo.isEmpty || photo.count == 32 else {
            throw ExceptionRefusal.badPayload(type: Self.type)
        }
    }

    var wire: WireRaised {
        var wire = WireRaised()
        wire.category = category
        wire.equipment = equipment
        wire.station = station
        wire.text = text
        wire.photo = Data(photo)
        wire.productionOrder = productionOrder
        wire.phrases = phrases
        wire.material = material
        wire.lot = lot
        wire.ordinal = UInt32(clamping: ordinal)
        return wire
    }

    func payload() throws -> [UInt8] { try wire.serializedBytes() }
}

/// One voice of a report: who raised it, where and when, and what that person said.
public struct Voice: Hashable, Sendable {
    public let evidence: Evidence
    public let raising: Raising

    init(evidence: Evidence, raising: Raising) {
        self.evidence = evidence
        self.raising = raising
    }

    init(_ wire: WireVoice) throws {
        guard let operation = OperationID(bytes: wire.operation) else {
            throw ExceptionRefusal.badPayload(type: Gathering.type)
        }
        evidence = Evidence(
            operation: operation,
            author: wire.author,
            moment: Moment(milliseconds: wire.moment),
            timeUnsure: wire.timeUnsure,
            seen: wire.seen,
            position: wire.position == 0 ? nil : wire.position
        )
        raising = try Raising(wire.raised)
    }

    var wire: WireVoice {
        var wire = WireVoice()
        wire.operation = Data(evidence.operation.bytes)
        wire.author = evidence.author
        wire.moment = evidence.moment.milliseconds
        wire.timeUnsure = evidence.timeUnsure
        wire.seen = evidence.seen
        wire.position = evidence.position ?? 0
        wire.raised = raising.wire
        return wire
    }
}
