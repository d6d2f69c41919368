import SwiftProtobuf
import Tally

/// A team leader's answer to the reminder that a machine was missed: a fact of the machine.
public struct MissedAnswer: Hashable, Sendable {
    static let type = "equipment.missed_answered"

    public let evidence: Evidence
    /// The code of the route.
    public let route: String
    /// The first of the times that went by; with route and machine it names the reminder.
    public let first: Moment
    /// A person's words; empty for none.
    public let note: String

    init?(_ recorded: Recorded) {
        guard recorded.type == Self.type,
            let content = try? Self.content(of: recorded.payload)
        else { return nil }  // best effort: the hub quarantines what cannot be read
        evidence = recorded.evidence
        (route, first, note) = content
    }

    static func content(
        of payload: [UInt8]
    ) throws -> (route: String, first: Moment, note: String) {
        do {
            let wire = try WireMissedAnswered(serializedBytes: payload)
            guard !wire.route.isEmpty else { throw InspectionRefusal.badPayload(type: type) }
            return (wire.route, Moment(milliseconds: wire.first), wire.note)
        } catch {
            throw InspectionRefusal.badPayload(type: type)
        }
    }
}

extension MissedRun {
    /// Says that somebody looks after it: nobody is reminded of this run again.
    ///
    /// - Parameter note: a person's words; may be empty.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal/nothingMissed(route:tag:)`` where too little was missed, or
    ///   somebody has answered.
    public func answer(note: String = "") throws -> [Draft] {
        guard isReminded, answered == nil, let first = missed.first else {
            throw InspectionRefusal.nothingMissed(route: route, tag: tag)
        }
        var wire = WireMissedAnswered()
        wire.route = route
        wire.first = first.milliseconds
        wire.note = note
        return [
            Draft(
                .fact,
                of: machine,
                type: MissedAnswer.type,
                payload: try wire.serializedBytes()
            )
        ]
    }
}
