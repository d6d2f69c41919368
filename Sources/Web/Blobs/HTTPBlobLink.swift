import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Sync
import Tally

/// The way to the hub's blobs over HTTP.
struct HTTPBlobLink: Sendable {
    private static let timeout = TimeAmount.seconds(60)
    private static let messageCountMax = 4 << 20

    private let client: @Sendable () async throws -> HTTPClient
    private let base: String

    init(hub: URL, client: @escaping @Sendable () async throws -> HTTPClient) {
        var base = hub.absoluteString
        while base.hasSuffix("/") { base.removeLast() }
        self.base = "\(base)/sync/v1/blobs"
        self.client = client
    }

    func offer(_ offer: BlobOffer) async throws -> BlobHoldings {
        var request = HTTPClientRequest(url: "\(base)/offer")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.body = .bytes(try offer.bytes())
        let holdings = try BlobHoldings(bytes: try await message(request))
        guard holdings.request == offer.request else { throw SyncRefusal.malformed }
        return holdings
    }

    func find(_ query: BlobQuery) async throws -> BlobManifests {
        var request = HTTPClientRequest(url: "\(base)/find")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.body = .bytes(try query.bytes())
        let manifests = try BlobManifests(bytes: try await message(request))
        guard manifests.request == query.request else { throw SyncRefusal.malformed }
        return manifests
    }

    func put(_ bytes: [UInt8], _ part: BlobPart) async throws -> BlobHoldings {
        var request = self.request(part, "?offset=\(part.offset)")
        request.method = .PUT
        request.headers.add(name: "content-type", value: "application/octet-stream")
        request.body = .bytes(bytes)
        let holdings = try BlobHoldings(bytes: try await message(request))
        guard holdings.request == part.request else { throw SyncRefusal.malformed }
        return holdings
    }

    /// Fetches bytes of a blob and hands over each piece as it comes, so that what came before a
    /// cut is not lost.
    func get(_ part: BlobPart, _ take: ([UInt8], Int) async throws -> Void) async throws {
        let request = self.request(part, "?offset=\(part.offset)&count=\(part.count)")
        let response = try await client().execute(request, timeout: Self.timeout)
        guard response.status == .ok,
            response.headers.first(name: "content-type") == "application/octet-stream"
        else { throw try await problem(response) }
        var offset = part.offset
        for try await buffer in response.body {
            let bytes = Array(buffer: buffer)
            try await take(bytes, offset)
            offset += bytes.count
        }
    }

    private func request(_ part: BlobPart, _ query: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "\(base)/\(part.id.bytes.hexadecimal)\(query)")
        request.headers.add(name: "tallyman-replica", value: part.replica.description)
        request.headers.add(name: "tallyman-signature", value: part.signature.hexadecimal)
        return request
    }

    private func message(_ request: HTTPClientRequest) async throws -> [UInt8] {
        let response = try await client().execute(request, timeout: Self.timeout)
        guard response.status == .ok,
            response.headers.first(name: "content-type") == "application/x-protobuf"
        else { throw try await problem(response) }
        return Array(buffer: try await response.body.collect(upTo: Self.messageCountMax))
    }

    private func problem(_ response: HTTPClientResponse) async throws -> any Error {
        let status = HubLinkError.notTheHub(status: Int(response.status.code))
        guard response.headers.first(name: "content-type") == "application/x-protobuf" else {
            return status
        }
        let body = try await response.body.collect(upTo: Self.messageCountMax)
        return SyncProblem.refusal(in: Array(buffer: body)) ?? status
    }
}
