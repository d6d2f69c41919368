import Foundation
import SwiftProtobuf
import Tally

/// What a line worker reports: the first fact of a report.
public struct Raising: Hashable, Sendable {
    static let type = "exception_report.raised"

    /// The code of an exception category.
    public let category: String
    /// The tag of a machine; empty when the report is about a station.
    public let equipment: String
    /// The code of a station; empty when the report is about a machine.
    public let station: String
    /// A person's words; may be empty, since a scan and a photo can say it.
    public let text: String
    /// The SHA-256 of a photo, 32 bytes; empty for none.
    public let photo: [UInt8]
    /// Empty for none.
    public let productionOrder: String

    public init(
        category: String,
        equipment: String = "",
        station: String = "",
        text: String = "",
        photo: [UInt8] = [],
        productionOrder: String = ""
    ) {
        self.category = category
        self.equipment = NaturalKey.code(equipment)
        self.station = NaturalKey.code(station)
        self.text = text
        self.photo = photo
        self.productionOrder = NaturalKey.number(productionOrder)
    }

    init(payload: [UInt8]) throws {
        do {
            let wire = try WireRaised(serializedBytes: payload)
            self.init(
                category: wire.category,
                equipment: wire.equipment,
                station: wire.station,
                text: wire.text,
                photo: Array(wire.photo),
                productionOrder: wire.productionOrder
            )
        } catch {
            throw ExceptionRefusal.badPayload(type: Self.type)
        }
        guard !category.isEmpty, photo.isEmpty || photo.count == 32 else {
            throw ExceptionRefusal.badPayload(type: Self.type)
        }
    }

    func payload() throws -> [UInt8] {
        var wire = WireRaised()
        wire.category = category
        wire.equipment = equipment
        wire.station = station
        wire.text = text
        wire.photo = Data(photo)
        wire.productionOrder = productionOrder
        return try wire.serializedBytes()
    }
}

/// Words beside a section, which nobody can change.
public struct AddedRecord: Hashable, Sendable {
    static let type = "exception_report.record_added"

    /// What was added, apart from who added it.
    struct Content: Hashable, Sendable {
        var section: Section
        var text: String
        var operation: OperationID?
    }

    public let evidence: Evidence
    public let section: Section
    public let text: String
    /// The edit whose words these were, when a conflict was settled for others; nil for new words.
    public let operation: OperationID?

    /// The record in a fact; nil for other facts.
    init?(_ recorded: Recorded) throws {
        guard recorded.type == Self.type else { return nil }
        let content = try Self.content(of: recorded.payload)
        evidence = recorded.evidence
        section = content.section
        text = content.text
        operation = content.operation
    }

    static func content(of payload: [UInt8]) throws -> Content {
        let wire: WireRecordAdded
        do {
            wire = try WireRecordAdded(serializedBytes: payload)
        } catch {
            throw ExceptionRefusal.badPayload(type: type)
        }
        let operation = OperationID(bytes: wire.operation)
        guard let section = Section(rawValue: wire.section),
            wire.operation.isEmpty || operation != nil
        else { throw ExceptionRefusal.badPayload(type: type) }
        return Content(section: section, text: wire.text, operation: operation)
    }

    static func draft(_ content: Content, of key: EntityKey) throws -> Draft {
        var wire = WireRecordAdded()
        wire.section = content.section.rawValue
        wire.text = content.text
        wire.operation = Data(content.operation?.bytes ?? [])
        return Draft(.fact, of: key, type: type, payload: try wire.serializedBytes())
    }
}
