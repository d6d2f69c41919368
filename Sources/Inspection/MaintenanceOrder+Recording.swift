import Foundation
import SwiftProtobuf
import Tally

// What crews do, as drafts: each is checked against the order as this terminal knows it. The hub
// judges the moves in its own order.

extension MaintenanceOrder {
    /// Takes the order.
    public func take() throws -> [Draft] {
        try check(.open)
        return [Draft(.transition, of: key, type: InspectionRoom.takeMove)]
    }

    /// Notes what was done, found or used.
    ///
    /// - Parameters:
    ///   - text: a person's words; may be empty where parts say it.
    ///   - parts: what was built in.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal/emptyText`` when nothing is said at all.
    public func note(_ text: String, parts: [WorkNote.Part] = []) throws -> [Draft] {
        guard !parts.isEmpty || text.contains(where: { !$0.isWhitespace }) else {
            throw InspectionRefusal.emptyText
        }
        let payload = try WorkNote.payload(text, parts)
        return [Draft(.fact, of: key, type: WorkNote.type, payload: payload)]
    }

    /// Lays the work down for a while.
    public func pause(note: String = "") throws -> [Draft] {
        try check(.taken)
        return [try step(InspectionRoom.pauseMove, note)]
    }

    /// Takes the work up again.
    public func resume() throws -> [Draft] {
        try check(.paused)
        return [try step(InspectionRoom.resumeMove, "")]
    }

    /// Gives the order to another person: to the next who takes it, or to one who is named.
    public func handOver(to badge: String = "", note: String = "") throws -> [Draft] {
        try check(.taken, .paused)
        return [try step(InspectionRoom.handOverMove, note, to: badge)]
    }

    private func step(_ move: String, _ note: String, to badge: String = "") throws -> Draft {
        let payload = try WorkStep.payload(note: note, to: badge)
        return Draft(.transition, of: key, type: move, payload: payload)
    }

    /// Finishes the order: its findings are dealt with.
    ///
    /// - Parameters:
    ///   - note: a person's words; may be empty.
    ///   - others: findings of this machine and check that are not in the order yet but that the
    ///     worker has seen, as those recorded on the same terminal.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal/orderStage(number:stage:expected:)``.
    public func finish(note: String = "", others: [OperationID] = []) throws -> [Draft] {
        try check(.taken)
        return [try end(InspectionRoom.finishMove, note, others)]
    }

    /// Cancels the order: there is nothing to repair.
    public func cancel(note: String = "", others: [OperationID] = []) throws -> [Draft] {
        try check(.open, .taken, .paused)
        return [try end(InspectionRoom.cancelMove, note, others)]
    }

    private func check(_ expected: Stage...) throws {
        guard expected.contains(stage) else {
            throw InspectionRefusal.orderStage(
                number: number,
                stage: stage.rawValue,
                expected: expected.map(\.rawValue).joined(separator: ", ")
            )
        }
    }

    private func end(_ move: String, _ note: String, _ others: [OperationID]) throws -> Draft {
        let findings = Set(issue.findings.map(\.evidence.operation)).union(others)
        var wire = WireEnded()
        wire.findings = findings.sorted().map { Data($0.bytes) }
        wire.note = note
        return Draft(.transition, of: key, type: move, payload: try wire.serializedBytes())
    }
}

extension MaintenanceOrder.Ending {
    init(payload: [UInt8]) throws {
        do {
            let wire = try WireEnded(serializedBytes: payload)
            findings = Set(try operations(wire.findings, InspectionRoom.finishMove))
            note = wire.note
        } catch {
            throw InspectionRefusal.badPayload(type: InspectionRoom.finishMove)
        }
    }
}
