import Foundation
import SwiftProtobuf
import Tally

/// Why a whole request is refused.
///
/// Nothing was changed.
public enum SyncRefusal: Refusal, Equatable {
    /// The body is not the message that belongs here.
    case malformed
    /// The other side speaks a version that this one does not speak yet, or none.
    case version(UInt32, speaks: ProtocolVersions = .spoken)
    /// The other side speaks a version that this one does not speak any more.
    case versionEnded(UInt32, speaks: ProtocolVersions)
    /// No terminal with this id is enrolled here.
    case unknownTerminal(Identifier)
    /// The signature is not this terminal's over these operations.
    case badSignature(Identifier)
    /// More operations than one request may hold.
    case tooMany(Int)
    /// The terminal has no business in this scope.
    case scopeNotPermitted(Scope)
    /// The enrolment code is unknown at this hub, used, or too old.
    case enrolmentCode(Identifier)
    /// The public key is not 32 bytes of Ed25519.
    case publicKey
    /// This terminal has not been enrolled at a hub.
    case notEnrolled
    /// The hub has found its state of this scope damaged and is mending it: to be asked again.
    case repairing(Scope)
    /// The hub has no snapshot of this scope, or not this piece of one: to be asked for anew, or
    /// to be done without.
    case noSnapshot(Scope)
    /// As many terminals wait for news as may: this one is to ask from time to time.
    case tooManyWaiting
    /// Another hub than this terminal's answered.
    case foreignHub(Identifier)
    /// What was given back is not an order that this hub gave out.
    case foreignOrder
    /// Nothing was ever kept aside under this ticket.
    case noSuchTicket(UInt64)
    /// What was kept aside under this ticket is settled already.
    case settled(UInt64)
    /// The bytes under this ticket are no operation to this program.
    case unreadable(UInt64)
    /// What a person released would be quarantined again, for this reason.
    case quarantinedAgain(String)
    /// Whoever dismisses a record has to say why.
    case dismissalWithoutReason
    /// A refusal that the hub sent, by its code.
    case remote(code: String, facts: [String: String])

    static func check(version: UInt32) throws(SyncRefusal) {
        let same = ProtocolVersions(syncProtocolVersion...syncProtocolVersion)
        guard version == syncProtocolVersion else { throw .version(version, speaks: same) }
    }

    /// Whether it says that no such terminal is known.
    var isForgetting: Bool { code == "sync.unknown_terminal" }
    /// Whether the other side would have to be brought up to date, or this one.
    public var isOfVersion: Bool { code == "sync.version" || code == "sync.version_ended" }
    /// The versions that the other side speaks, where it refused one.
    var versions: ProtocolVersions? {
        guard isOfVersion, let newest = facts["spoken"].flatMap(UInt32.init(_:)) else { return nil }
        let oldest = facts["oldest"].flatMap(UInt32.init(_:)) ?? newest
        return oldest <= newest ? ProtocolVersions(oldest...newest) : nil
    }
    /// Whether it says that the terminal has no business in a scope.
    var isOfScope: Bool { code == "sync.scope_not_permitted" }
    /// The hub that refuses, where it says who it is.
    var hub: Identifier? { facts["hub"].flatMap { Identifier(text: $0) } }
    /// Whether it says that an enrolment code is good no more.
    var isOfCode: Bool { code == "sync.enrolment_code" }

    public var code: ProblemCode {
        switch self {
        case .malformed: "sync.malformed"
        case .version: "sync.version"
        case .versionEnded: "sync.version_ended"
        case .unknownTerminal: "sync.unknown_terminal"
        case .badSignature: "sync.bad_signature"
        case .tooMany: "sync.too_many"
        case .scopeNotPermitted: "sync.scope_not_permitted"
        case .enrolmentCode: "sync.enrolment_code"
        case .publicKey: "sync.public_key"
        case .notEnrolled: "sync.not_enrolled"
        case .tooManyWaiting: "sync.too_many_waiting"
        case .repairing: "sync.repairing"
        case .noSnapshot: "sync.no_snapshot"
        case .foreignHub: "sync.foreign_hub"
        case .foreignOrder: "sync.foreign_order"
        case .noSuchTicket: "sync.no_such_ticket"
        case .settled: "sync.settled"
        case .unreadable: "sync.unreadable"
        case .quarantinedAgain: "sync.quarantined_again"
        case .dismissalWithoutReason: "sync.dismissal_without_reason"
        case .remote(let code, _): ProblemCode(code)
        }
    }

    public var facts: [String: String] {
        switch self {
        case .malformed, .publicKey, .notEnrolled, .foreignOrder,
            .tooManyWaiting,
            .dismissalWithoutReason:
            [:]
        case .foreignHub(let hub), .enrolmentCode(let hub): ["hub": hub.description]
        case .noSuchTicket(let ticket), .settled(let ticket), .unreadable(let ticket):
            ["ticket": String(ticket)]
        case .quarantinedAgain(let reason): ["reason": reason]
        case .version(let version, let speaks), .versionEnded(let version, let speaks):
            [
                "version": String(version), "oldest": String(speaks.oldest),
                "spoken": String(speaks.newest),
            ]
        case .unknownTerminal(let id), .badSignature(let id): ["terminal": id.description]
        case .tooMany(let count):
            ["count": String(count), "most": String(PushRequest.operationCountMax)]
        case .scopeNotPermitted(let scope), .repairing(let scope), .noSnapshot(let scope):
            ["scope": scope.description]
        case .remote(_, let facts): facts
        }
    }
}

/// The body of an answer that is not 200: a problem code and its facts.
public enum SyncProblem {
    /// The message for a refusal.
    public static func bytes(of refusal: any Refusal) throws -> [UInt8] {
        var wire = Tallyman_Sync_V1_SyncProblem()
        wire.code = refusal.code.text
        wire.facts = refusal.facts
        return try wire.serializedBytes()
    }

    /// The refusal in a message; nil when the bytes are no such message.
    public static func refusal(in bytes: [UInt8]) -> SyncRefusal? {
        guard let wire = try? Tallyman_Sync_V1_SyncProblem(serializedBytes: bytes),
            !wire.code.isEmpty
        else { return nil }  // best effort: a proxy's page is no problem of ours
        return .remote(code: wire.code, facts: wire.facts)
    }
}
