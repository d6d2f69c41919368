import Forms
import Foundation
import SwiftProtobuf
import Tally

extension MaintenanceOrder.Issue {
    /// Reads the payload of a decision.
    package init(payload: [UInt8]) throws {
        let wire: WireMaintenanceOrder
        do {
            wire = try WireMaintenanceOrder(serializedBytes: payload)
        } catch {
            throw InspectionRefusal.badPayload(type: MaintenanceOrder.type)
        }
        guard !wire.number.isEmpty, !wire.tag.isEmpty, !wire.check.isEmpty, wire.revision > 0,
            wire.ordinal > 0
        else { throw InspectionRefusal.badPayload(type: MaintenanceOrder.type) }
        number = wire.number
        revision = Int(wire.revision)
        tag = wire.tag
        check = wire.check
        ordinal = Int(wire.ordinal)
        findings = try wire.findings.map(MaintenanceOrder.Finding.init)
        opened = Moment(milliseconds: wire.opened)
        team = wire.team
        previousNumber = wire.previousNumber
        isDoubtful = wire.doubtful
    }

    func payload() throws -> [UInt8] {
        var wire = WireMaintenanceOrder()
        wire.number = number
        wire.revision = UInt32(clamping: revision)
        wire.tag = tag
        wire.check = check
        wire.ordinal = UInt32(clamping: ordinal)
        wire.findings = try findings.map { try $0.wire() }
        wire.opened = opened.milliseconds
        wire.team = team
        wire.severe = isSevere
        wire.previousNumber = previousNumber
        wire.doubtful = isDoubtful
        return try wire.serializedBytes()
    }
}

extension MaintenanceOrder.Finding {
    fileprivate init(_ wire: WireFinding) throws {
        guard let inspection = Identifier(bytes: wire.inspection),
            let operation = OperationID(bytes: wire.operation)
        else { throw InspectionRefusal.badPayload(type: MaintenanceOrder.type) }
        self.inspection = inspection
        evidence = Evidence(
            operation: operation,
            author: wire.author,
            moment: Moment(milliseconds: wire.moment),
            timeUnsure: wire.timeUnsure,
            seen: wire.seen,
            position: wire.position == 0 ? nil : wire.position
        )
        answer = try Answer(payload: Array(wire.answer))
        limits = wire.limits
        isSevere = wire.severe
        isWithdrawn = wire.withdrawn
        photo = Array(wire.photo)
    }

    fileprivate func wire() throws -> WireFinding {
        var wire = WireFinding()
        wire.inspection = Data(inspection.bytes)
        wire.operation = Data(evidence.operation.bytes)
        wire.answer = Data(try answer.payload())
        wire.limits = limits
        wire.severe = isSevere
        wire.author = evidence.author
        wire.moment = evidence.moment.milliseconds
        wire.timeUnsure = evidence.timeUnsure
        wire.seen = evidence.seen
        wire.position = evidence.position ?? 0
        wire.withdrawn = isWithdrawn
        wire.photo = Data(photo)
        return wire
    }
}
