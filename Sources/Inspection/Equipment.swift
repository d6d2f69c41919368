import Foundation
import SwiftProtobuf
import Tally

/// A machine as this replica knows it.
public struct Equipment: Hashable, Sendable {
    /// A stop that nobody who knew of it has taken back.
    public struct Stop: Hashable, Sendable {
        public let evidence: Evidence
        /// A person's words.
        public let reason: String
    }

    /// A stop or a release, for who looks back.
    public struct Event: Hashable, Sendable {
        public let evidence: Evidence
        public let isRelease: Bool
        /// A person's words; empty for a release.
        public let reason: String
    }

    public let key: EntityKey
    public let registration: EquipmentRegistration
    /// Where it stands, in a person's words; several values are a conflict, the one shown first.
    public let locations: [FieldValue]
    /// In order of operations; empty when the machine may run.
    public let stops: [Stop]
    /// All stops, and the releases that stand, earliest first.
    public let events: [Event]
    /// Answers of team leaders to reminders of what was missed, earliest first.
    public let missedAnswers: [MissedAnswer]

    /// Reads a machine; nil when it is not registered.
    public init?(_ record: EntityRecord) {
        guard let registration = EquipmentRegistration(record) else { return nil }
        key = record.key
        self.registration = registration
        locations = record.fields[InspectionRoom.locationField] ?? []
        stops = Self.stopsInForce(record.moves)
        events = record.moves.compactMap(Self.event)
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
        missedAnswers = record.facts.compactMap(MissedAnswer.init)
            .sorted { $0.evidence.isRecordedBefore($1.evidence) }
    }

    private static func event(_ move: JudgedMove) -> Event? {
        let isRelease = move.recorded.type == InspectionRoom.releaseMove
        guard isRelease ? move.stands : move.recorded.type == InspectionRoom.stopMove else {
            return nil
        }
        let reason = isRelease ? "" : (try? Self.reason(ofStop: move.recorded.payload)) ?? ""
        return Event(evidence: move.recorded.evidence, isRelease: isRelease, reason: reason)
    }

    public var tag: String { registration.tag }

    /// Whether the machine must not run.
    ///
    /// Safety is not left to the stage: a release takes back the stops that it names. Another stop,
    /// made where the person who released could not see it, stays in force though the release was
    /// judged later.
    public var isStopped: Bool { !stops.isEmpty }

    private static func stopsInForce(_ moves: [JudgedMove]) -> [Stop] {
        var released: Set<OperationID> = []
        for move in moves where move.recorded.type == InspectionRoom.releaseMove && move.stands {
            // A release that cannot be read releases nothing: the safe side.
            released.formUnion((try? stops(ofRelease: move.recorded.payload)) ?? [])
        }
        return moves.compactMap { move in
            let evidence = move.recorded.evidence
            guard move.recorded.type == InspectionRoom.stopMove,
                !released.contains(evidence.operation)
            else { return nil }
            let reason = (try? Self.reason(ofStop: move.recorded.payload)) ?? ""
            return Stop(evidence: evidence, reason: reason)
        }
    }
}

// MARK: - What people do

extension Equipment {
    /// Stops the machine; it stands whatever else happened meanwhile.
    ///
    /// - Parameter reason: a person's words.
    /// - Returns: what to record.
    /// - Throws: ``InspectionRefusal/emptyText``.
    public func stop(reason: String) throws -> [Draft] {
        guard reason.contains(where: { !$0.isWhitespace }) else {
            throw InspectionRefusal.emptyText
        }
        var wire = WireStop()
        wire.reason = reason
        let payload: [UInt8] = try wire.serializedBytes()
        return [Draft(.transition, of: key, type: InspectionRoom.stopMove, payload: payload)]
    }

    /// Takes back all stops that are known here.
    ///
    /// - Throws: ``InspectionRefusal/notStopped(tag:)``.
    public func release() throws -> [Draft] {
        guard isStopped else { throw InspectionRefusal.notStopped(tag: tag) }
        var wire = WireRelease()
        wire.stops = stops.map { Data($0.evidence.operation.bytes) }
        let payload: [UInt8] = try wire.serializedBytes()
        return [Draft(.transition, of: key, type: InspectionRoom.releaseMove, payload: payload)]
    }

    /// Says where the machine stands.
    ///
    /// - Throws: ``InspectionRefusal/emptyText``.
    public func move(to location: String) throws -> [Draft] {
        guard location.contains(where: { !$0.isWhitespace }) else {
            throw InspectionRefusal.emptyText
        }
        return [
            Draft(
                .edit,
                of: key,
                type: InspectionRoom.locationField,
                payload: Array(location.utf8),
                bases: locations.map(\.evidence.operation)
            )
        ]
    }

    static func reason(ofStop payload: [UInt8]) throws -> String {
        do {
            return try WireStop(serializedBytes: payload).reason
        } catch {
            throw InspectionRefusal.badPayload(type: InspectionRoom.stopMove)
        }
    }

    static func stops(ofRelease payload: [UInt8]) throws -> [OperationID] {
        do {
            let wire = try WireRelease(serializedBytes: payload)
            return try operations(wire.stops, InspectionRoom.releaseMove)
        } catch {
            throw InspectionRefusal.badPayload(type: InspectionRoom.releaseMove)
        }
    }
}

/// Reads operations that a message names.
func operations(_ names: [Data], _ type: String) throws -> [OperationID] {
    try names.map { name in
        guard let operation = OperationID(bytes: name) else {
            throw InspectionRefusal.badPayload(type: type)
        }
        return operation
    }
}
