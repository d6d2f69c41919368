import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Sync
import Synchronization
import Tally

/// The way to the hub over HTTP.
///
/// An answer that is not the hub's (a proxy's page, half a body) is a failure, and the request is
/// sent again later.
public struct HTTPHubLink: HubLink {
    /// How long an exchange may take.
    private static let timeout = TimeAmount.seconds(30)
    /// A hub answers a terminal that waits after 30 seconds at most; longer means that the
    /// connection is half open.
    private static let watchTimeout = TimeAmount.seconds(40)
    private static let answerCountMax = 64 << 20

    private let client: @Sendable () async throws -> HTTPClient
    private let base: String
    private let prove: @Sendable (RequestProof.Question, [UInt8]) throws -> [UInt8]
    private let coding: BodyCoding
    private let learned = Learned()

    /// What the last answer said of the hub.
    private final class Learned: Sendable {
        /// Whether it takes packed bodies.
        let takesPacked = Atomic(false)
    }

    /// How a client for this link is set up.
    ///
    /// A hub that refuses the connection is a failure at once, since the peer has its own rule for
    /// trying again and the page tells that the hub is away.
    public static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        return configuration
    }

    /// A link to a hub.
    ///
    /// - Parameters:
    ///   - hub: its address, such as `http://127.0.0.1:8080`.
    ///   - client: shared with whoever else speaks HTTP in this process.
    ///   - compressor: packs long bodies, for a hub that takes them so; zlib's format.
    ///   - prove: signs what only asks; see ``RequestProof``.
    public init(
        hub: URL,
        client: HTTPClient,
        compressor: any Compressor,
        prove: @escaping @Sendable (RequestProof.Question, [UInt8]) throws -> [UInt8]
    ) {
        self.init(hub: hub, client: { client }, compressor: compressor, prove: prove)
    }

    /// A link to a hub through a door, which opens when it can.
    ///
    /// - Parameters:
    ///   - hub: its address.
    ///   - client: gives the client with which to speak to it, or throws why there is none yet.
    ///   - compressor: packs long bodies, for a hub that takes them so; zlib's format.
    ///   - prove: signs what only asks; see ``RequestProof``.
    public init(
        hub: URL,
        client: @escaping @Sendable () async throws -> HTTPClient,
        compressor: any Compressor,
        prove: @escaping @Sendable (RequestProof.Question, [UInt8]) throws -> [UInt8]
    ) {
        var base = hub.absoluteString
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
        self.client = client
        coding = BodyCoding(compressor)
        self.prove = prove
    }

    public func push(_ request: [UInt8]) async throws -> [UInt8] {
        try await post("push", request)
    }

    public func pull(_ request: [UInt8]) async throws -> [UInt8] {
        try await ask(.pull, request)
    }

    public func snapshot(_ request: [UInt8]) async throws -> [UInt8] {
        try await ask(.snapshot, request)
    }

    public func piece(_ request: [UInt8]) async throws -> [UInt8] {
        try await ask(.piece, request)
    }

    public func watch(_ request: [UInt8]) async throws -> [UInt8] {
        try await ask(.watch, request, timeout: Self.watchTimeout)
    }

    public func giveBack(_ request: [UInt8]) async throws -> [UInt8] {
        try await post("return", request)
    }

    public func enroll(_ request: [UInt8]) async throws -> [UInt8] {
        try await post("enroll", request)
    }

    private func ask(
        _ question: RequestProof.Question,
        _ body: [UInt8],
        timeout: TimeAmount = HTTPHubLink.timeout
    ) async throws -> [UInt8] {
        let proof = try prove(question, body)
        return try await post(question.rawValue, body, proof: proof, timeout: timeout)
    }

    private func post(
        _ path: String,
        _ body: [UInt8],
        proof: [UInt8]? = nil,
        timeout: TimeAmount = HTTPHubLink.timeout
    ) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: "\(base)/sync/v1/\(path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.headers.add(name: "accept-encoding", value: BodyCoding.name)
        if let proof { request.headers.add(name: RequestProof.header, value: proof.hexadecimal) }
        if learned.takesPacked.load(ordering: .relaxed), let packed = try coding.packed(body) {
            request.headers.add(name: "content-encoding", value: BodyCoding.name)
            request.body = .bytes(packed)
        } else {
            request.body = .bytes(body)
        }
        let response = try await client().execute(request, timeout: timeout)
        let answer = try await response.body.collect(upTo: Self.answerCountMax)
        let takesPacked = BodyCoding.isNamed(in: response.headers.first(name: "accept-encoding"))
        learned.takesPacked.store(takesPacked, ordering: .relaxed)
        guard response.headers.first(name: "content-type") == "application/x-protobuf" else {
            throw HubLinkError.notTheHub(status: Int(response.status.code))
        }
        let bytes = try coding.plain(
            Array(buffer: answer),
            coding: response.headers.first(name: "content-encoding"),
            countMax: Self.answerCountMax
        )
        guard response.status == .ok else {
            throw SyncProblem.refusal(in: bytes)
                ?? HubLinkError.notTheHub(status: Int(response.status.code))
        }
        return bytes
    }
}

/// Why an answer was no answer.
public enum HubLinkError: Error, Equatable {
    /// Something else answered in the hub's place.
    case notTheHub(status: Int)
}
