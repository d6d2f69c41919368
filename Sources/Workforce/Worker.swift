import SwiftProtobuf
import Tally

/// What a worker may do.
///
/// The words are those of the permission table.
public enum Role: String, Hashable, Sendable, CaseIterable {
    case clerk
    case inspector
    case crew
    case lineWorker = "line_worker"
    case teamLeader = "team_leader"
    case supervisor
}

/// A person who works on the floor, named by the code on the badge.
public struct Worker: Hashable, Sendable {
    public static let entityKind = "worker"
    public static let type = "worker.registered"

    public static let vocabulary = Vocabulary(decisions: [type])

    /// In the form of ``NaturalKey/code(_:)``.
    public let badge: String
    public let name: String
    public let roles: Set<Role>
    public let team: String

    public init(badge: String, name: String, roles: Set<Role>, team: String) {
        self.badge = NaturalKey.code(badge)
        self.name = name
        self.roles = roles
        self.team = team
    }

    /// The worker's entity, shared by all sites.
    public static func key(badge: String) -> EntityKey {
        EntityKey(
            scope: .company,
            kind: entityKind,
            id: .derived(entityKind, NaturalKey.code(badge))
        )
    }

    /// Reads a worker from the entity; nil when nobody registered one.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let wire = try? WireWorkerRegistered(serializedBytes: payload)
        else { return nil }  // best effort: only the hub writes these
        badge = wire.badge
        name = wire.name
        roles = Set(wire.roles.compactMap(Role.init(rawValue:)))
        team = wire.team
    }

    /// The decision that registers this version.
    public func draft() throws -> Draft {
        var wire = WireWorkerRegistered()
        wire.badge = badge
        wire.name = name
        wire.roles = roles.map(\.rawValue).sorted()
        wire.team = team
        return Draft(
            .decision,
            of: Self.key(badge: badge),
            type: Self.type,
            payload: try wire.serializedBytes()
        )
    }
}
