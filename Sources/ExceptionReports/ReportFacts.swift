import Foundation
import SwiftProtobuf
import Tally

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

/// A person's word that somebody deals with a section that is late.
public struct Acknowledgement: Hashable, Sendable {
    static let type = "exception_report.acknowledged"

    public let evidence: Evidence
    public let section: Section
    /// The level that had been reached, from 1 up.
    public let level: Int

    /// The acknowledgement in a fact; nil for other facts.
    init?(_ recorded: Recorded) throws {
        guard recorded.type == Self.type else { return nil }
        (section, level) = try Self.content(of: recorded.payload)
        evidence = recorded.evidence
    }

    static func content(of payload: [UInt8]) throws -> (Section, level: Int) {
        let wire: WireAcknowledged
        do {
            wire = try WireAcknowledged(serializedBytes: payload)
        } catch {
            throw ExceptionRefusal.badPayload(type: type)
        }
        guard let section = Section(rawValue: wire.section), wire.level > 0 else {
            throw ExceptionRefusal.badPayload(type: type)
        }
        return (section, Int(wire.level))
    }

    static func draft(_ section: Section, level: Int, of key: EntityKey) throws -> Draft {
        var wire = WireAcknowledged()
        wire.section = section.rawValue
        wire.level = UInt32(clamping: level)
        return Draft(.fact, of: key, type: type, payload: try wire.serializedBytes())
    }
}
