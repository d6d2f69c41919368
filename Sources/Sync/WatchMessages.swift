import Foundation
import SwiftProtobuf
import Tally

/// A terminal asks to be told when something is there that it has not seen.
///
/// What it is told is a hint: it then pulls as ever, and without an answer it pulls all the same.
public struct WatchRequest: Hashable, Sendable {
    /// The longest that a hub keeps such a request waiting, in milliseconds.
    public static let waitMillisecondsMax: UInt32 = 30_000

    public let replica: Identifier
    public let epoch: UInt64
    /// Up to where the terminal has seen each scope.
    public let places: [Scope: UInt64]
    public let waitMilliseconds: UInt32

    public init(
        replica: Identifier,
        epoch: UInt64,
        places: [Scope: UInt64],
        waitMilliseconds: UInt32
    ) {
        self.replica = replica
        self.epoch = epoch
        self.places = places
        self.waitMilliseconds = min(waitMilliseconds, Self.waitMillisecondsMax)
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_WatchRequest.self, bytes)
        try SyncRefusal.check(version: wire.protocol)
        guard let replica = Identifier(bytes: wire.replica) else { throw SyncRefusal.malformed }
        var places: [Scope: UInt64] = [:]
        for place in wire.places {
            guard let scope = Scope(text: place.scope) else { throw SyncRefusal.malformed }
            places[scope] = place.after
        }
        self.init(
            replica: replica,
            epoch: wire.epoch,
            places: places,
            waitMilliseconds: wire.waitMilliseconds
        )
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_WatchRequest()
        wire.protocol = syncProtocolVersion
        wire.replica = Data(replica.bytes)
        wire.epoch = epoch
        wire.places = places.sorted { $0.key < $1.key }.map { scope, after in
            var place = Tallyman_Sync_V1_WatchRequest.Place()
            place.scope = scope.description
            place.after = after
            return place
        }
        wire.waitMilliseconds = waitMilliseconds
        return try wire.serializedBytes()
    }
}

/// The hub's answer to a terminal that waited.
public struct WatchResponse: Hashable, Sendable {
    public let epoch: UInt64
    /// Whether there is something to pull.
    public let changed: Bool

    public init(epoch: UInt64, changed: Bool) {
        self.epoch = epoch
        self.changed = changed
    }

    public init(bytes: [UInt8]) throws {
        let wire = try decode(Tallyman_Sync_V1_WatchResponse.self, bytes)
        guard wire.epoch > 0 else { throw SyncRefusal.malformed }
        self.init(epoch: wire.epoch, changed: wire.changed)
    }

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_WatchResponse()
        wire.epoch = epoch
        wire.changed = changed
        return try wire.serializedBytes()
    }
}

extension HubReplica {
    /// Whether there is something that the terminal has not seen.
    ///
    /// - Throws: ``SyncRefusal`` when it may not ask.
    public static func hasNews(
        for request: WatchRequest,
        in reading: any ReplicaReading
    ) throws -> WatchResponse {
        let terminal = try terminal(request.replica, in: reading)
        let epoch = try epoch(in: reading)
        var changed = epoch != request.epoch
        for (scope, after) in request.places {
            guard terminal.scopes.contains(scope) else {
                throw SyncRefusal.scopeNotPermitted(scope)
            }
            let head = try reading.head(of: scope)
            changed = changed || head != after
        }
        return WatchResponse(epoch: epoch, changed: changed)
    }
}

extension TerminalReplica {
    /// What to ask the hub to wait for.
    public func watchRequest(
        in reading: any ReplicaReading,
        waitMilliseconds: UInt32 = 25_000
    ) throws -> WatchRequest {
        var places: [Scope: UInt64] = [:]
        for scope in try Self.enrolment(in: reading)?.scopes ?? [] {
            places[scope] = try cursor(of: scope, in: reading)
        }
        return WatchRequest(
            replica: replica.id,
            epoch: try reading.integer(Setting.epoch) ?? 0,
            places: places,
            waitMilliseconds: waitMilliseconds
        )
    }
}
