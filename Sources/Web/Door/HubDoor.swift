import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Sync
import Tally

/// A terminal's way through the hub's door: HTTPS to the hub whose authority the terminal pinned
/// when it enrolled, plain HTTP only to its own machine.
public actor HubDoor {
    /// Where the pinned authority is kept: a DER certificate, nil while there is none.
    public struct Memory: Sendable {
        let recall: @Sendable () async throws -> [UInt8]?
        let keep: @Sendable ([UInt8]) async throws -> Void

        public init(
            recall: @escaping @Sendable () async throws -> [UInt8]?,
            keep: @escaping @Sendable ([UInt8]) async throws -> Void
        ) {
            self.recall = recall
            self.keep = keep
        }
    }

    private static let timeout = TimeAmount.seconds(10)
    /// A certificate of ours has under 1 KiB.
    private static let certificateCountMax = 16 << 10

    private let hub: URL
    private let pin: String?
    private let memory: Memory
    private var opened: HTTPClient?

    /// A door to a hub.
    ///
    /// - Parameters:
    ///   - hub: its address.
    ///   - pin: of the enrolment token that the terminal was started with, if any.
    ///   - memory: where the authority is kept.
    public init(hub: URL, pin: String?, memory: Memory) {
        self.hub = hub
        self.pin = pin
        self.memory = memory
    }

    /// Whether an address may be spoken to at all: HTTPS, or HTTP on this machine.
    public static func permits(_ hub: URL) -> Bool {
        guard let host = hub.host(), !host.isEmpty else { return false }
        return hub.scheme == "https" || hub.scheme == "http" && isLoopback(host)
    }

    /// Whether a host is this machine by its name alone, asking no name server.
    public static func isLoopback(_ host: String) -> Bool {
        let host = host.trimmingCharacters(in: ["[", "]"])
        if host == "localhost" || host == "::1" { return true }
        guard case .v4(let address)? = try? SocketAddress(ipAddress: host, port: 0) else {
            return false
        }
        return UInt32(bigEndian: address.address.sin_addr.s_addr) >> 24 == 127
    }

    /// The client with which to speak to the hub.
    ///
    /// - Throws: ``DoorRefusal`` when the hub is not the one of the token, or no token named one;
    ///   a connection's error while the hub cannot be reached.
    public func client() async throws -> HTTPClient {
        if let opened { return opened }
        var configuration = HTTPHubLink.configuration
        if hub.scheme == "https" {
            configuration.tlsConfiguration = Self.trusting(try await authority())
        }
        // Another call may have opened it while this one waited.
        if let opened { return opened }
        let client = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup,
            configuration: configuration
        )
        opened = client
        return client
    }

    /// Ends what was opened; the door stays shut afterwards until it is asked again.
    public func close() async throws {
        let client = opened
        opened = nil
        try await client?.shutdown()
    }

    private func authority() async throws -> NIOSSLCertificate {
        if let kept = try await memory.recall(), pin == nil || EnrolmentToken.pin(of: kept) == pin {
            return try NIOSSLCertificate(bytes: kept, format: .der)
        }
        guard let pin else { throw DoorRefusal.noPin(hub: hub.absoluteString) }
        let found = try await fetch()
        let bytes = try found.toDERBytes()
        guard EnrolmentToken.pin(of: bytes) == pin else {
            throw DoorRefusal.otherHub(hub: hub.absoluteString)
        }
        try await memory.keep(bytes)
        return found
    }

    /// Asks whoever answers for the certificate that it calls its authority; nothing is told to it.
    private func fetch() async throws -> NIOSSLCertificate {
        var configuration = HTTPHubLink.configuration
        var tls = TLSConfiguration.makeClientConfiguration()
        // What comes is believed by its pin or not at all.
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            var base = hub.absoluteString
            while base.hasSuffix("/") { base.removeLast() }
            let request = HTTPClientRequest(url: "\(base)/sync/v1/authority")
            let response = try await client.execute(request, timeout: Self.timeout)
            guard response.status == .ok else {
                throw HubLinkError.notTheHub(status: Int(response.status.code))
            }
            let body = try await response.body.collect(upTo: Self.certificateCountMax)
            do {
                return try NIOSSLCertificate(bytes: Array(buffer: body), format: .pem)
            } catch {
                throw HubLinkError.notTheHub(status: Int(response.status.code))
            }
        }
    }

    /// The hub's authority and no other vouches for the hub; under which name it is called says
    /// nothing on a plant's network.
    private static func trusting(_ authority: NIOSSLCertificate) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates([authority])
        tls.certificateVerification = .noHostnameVerification
        tls.minimumTLSVersion = .tlsv12
        return tls
    }
}

/// Why a terminal does not go through a hub's door.
public enum DoorRefusal: Refusal, Equatable {
    /// Whoever answers there is not the hub that gave out the token.
    case otherHub(hub: String)
    /// The token has no pin, or there is none: nothing tells that it is the right hub.
    case noPin(hub: String)

    public var code: ProblemCode {
        switch self {
        case .otherHub: "door.other_hub"
        case .noPin: "door.no_pin"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .otherHub(let hub), .noPin(let hub): ["hub": hub]
        }
    }
}
