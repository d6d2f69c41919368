import AsyncHTTPClient
import Conformance
import Foundation
import NIOCore
import NIOHTTP1
import Tally
import Web

/// The conformance suite's way to a hub, through the same door as a terminal's.
struct StrangerHTTP: StrangerLine {
    /// A hub answers a terminal that waits after 30 seconds at most.
    private static let timeout = TimeAmount.seconds(40)
    private static let answerCountMax = 64 << 20

    let hub: URL
    let door: HubDoor

    func post(_ path: String, _ body: [UInt8], proof: [UInt8]?) async throws -> Reply {
        var request = request(path, .POST)
        if let proof { request.headers.add(name: "tallyman-proof", value: proof.hexadecimal) }
        request.body = .bytes(body)
        return try await send(request)
    }

    func get(_ path: String) async throws -> Reply { try await send(request(path, .GET)) }

    func breakOff(_ path: String, _ body: [UInt8], after count: Int) async {
        var request = request(path, .POST)
        request.body = .stream(
            BrokenBody(bytes: Array(body.prefix(count))),
            length: .known(Int64(body.count))
        )
        // That it fails is what is wanted.
        _ = try? await send(request)
    }

    private func request(_ path: String, _ method: HTTPMethod) -> HTTPClientRequest {
        var base = hub.absoluteString
        while base.hasSuffix("/") { base.removeLast() }
        var request = HTTPClientRequest(url: "\(base)/\(path)")
        request.method = method
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        return request
    }

    private func send(_ request: HTTPClientRequest) async throws -> Reply {
        let response = try await door.client().execute(request, timeout: Self.timeout)
        let body = try await response.body.collect(upTo: Self.answerCountMax)
        return Reply(
            status: Int(response.status.code),
            mediaType: response.headers.first(name: "content-type") ?? "",
            body: Array(body.readableBytesView)
        )
    }
}

/// A body that is less than was announced: the client breaks the connection.
private struct BrokenBody: AsyncSequence, Sendable {
    struct Broken: Error {}

    struct AsyncIterator: AsyncIteratorProtocol {
        var bytes: [UInt8]?

        mutating func next() async throws -> ByteBuffer? {
            guard let bytes, !bytes.isEmpty else { throw Broken() }
            self.bytes = nil
            return ByteBuffer(bytes: bytes)
        }
    }

    let bytes: [UInt8]

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes) }
}
