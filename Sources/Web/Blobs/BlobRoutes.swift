import HTTPTypes
import Hub
import Hummingbird
import NIOCore
import Sync
import Tally

/// The hub's side of `blobs.proto` over HTTP.
///
/// Bytes of a blob are kept as they come in, so that a request which is cut was not in vain.
public struct BlobRoutes: Sendable {
    private static let messageCountMax = 1 << 20
    /// The most bytes that one answer carries.
    private static let answerCountMax = 1 << 20

    private let hub: HubShell
    private let desk: BlobDesk

    public init(hub: HubShell, desk: BlobDesk) {
        self.hub = hub
        self.desk = desk
    }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.post("sync/v1/blobs/offer") { request, _ in
            try await Self.answering { .protobuf(.ok, try await offer(request)) }
        }
        router.post("sync/v1/blobs/find") { request, _ in
            try await Self.answering { .protobuf(.ok, try await find(request)) }
        }
        router.put("sync/v1/blobs/:id") { request, context in
            let id = try context.parameters.require("id")
            return try await Self.answering { .protobuf(.ok, try await put(request, id)) }
        }
        router.get("sync/v1/blobs/:id") { request, context in
            let id = try context.parameters.require("id")
            return try await Self.answering { try await get(request, id) }
        }
    }

    private static func answering(
        _ work: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await work()
        } catch let refusal as any Refusal {
            let status: HTTPResponse.Status =
                switch refusal {
                case SyncRefusal.unknownTerminal, SyncRefusal.badSignature: .unauthorized
                case SyncRefusal.malformed, SyncRefusal.version: .badRequest
                case BlobRefusal.unknown, BlobRefusal.incomplete: .notFound
                case BlobRefusal.noRoom: .noRoom
                case is BlobRefusal: .badRequest
                default: .conflict
                }
            return .protobuf(status, try SyncProblem.bytes(of: refusal))
        }
    }

    private func offer(_ request: Request) async throws -> [UInt8] {
        let body = try await request.body.collect(upTo: Self.messageCountMax)
        let offer = try BlobOffer(bytes: Array(buffer: body))
        let hasRoom = desk.roomLeft
        let epoch = try await hub.read { node, reading in
            try node.replica.admit(offer, in: reading)
        }
        return try await desk.run { shelf in
            try HubReplica.answer(offer, epoch: epoch, shelf: shelf, hasRoom: hasRoom).bytes()
        }
    }

    private func find(_ request: Request) async throws -> [UInt8] {
        let body = try await request.body.collect(upTo: Self.messageCountMax)
        let query = try BlobQuery(bytes: Array(buffer: body))
        let epoch = try await hub.read { node, reading in
            try node.replica.admit(query, in: reading)
        }
        return try await desk.run { shelf in
            try HubReplica.answer(query, epoch: epoch, shelf: shelf).bytes()
        }
    }

    private func put(_ request: Request, _ id: String) async throws -> [UInt8] {
        let part = try Self.part(request, id, count: request.headers[.contentLength])
        let epoch = try await hub.read { node, reading in
            try node.replica.admit(part, .put, in: reading)
        }
        var offset = part.offset
        var holding: BlobHolding?
        for try await buffer in request.body {
            let bytes = Array(buffer: buffer)
            let start = offset
            offset += bytes.count
            guard offset - part.offset <= part.count else { throw SyncRefusal.malformed }
            holding = try await desk.run { try $0.take(bytes, of: part.id, at: start) }
        }
        guard let holding else { throw SyncRefusal.malformed }
        return try BlobHoldings(epoch: epoch, items: [holding], request: part.request).bytes()
    }

    private func get(_ request: Request, _ id: String) async throws -> Response {
        let part = try Self.part(
            request,
            id,
            count: request.uri.queryParameters["count"].map(String.init)
        )
        _ = try await hub.read { node, reading in try node.replica.admit(part, .get, in: reading) }
        let count = min(part.count, Self.answerCountMax)
        let bytes = try await desk.run { try $0.read(part.id, at: part.offset, count: count) }
        return Response(
            status: .ok,
            headers: [.contentType: "application/octet-stream"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    private static func part(
        _ request: Request,
        _ id: String,
        count: String?
    ) throws -> BlobPart {
        guard let id = [UInt8](hexadecimal: id).flatMap({ ContentHash(bytes: $0) }),
            let replica = request.headers[.tallymanReplica]
                .flatMap({ [UInt8](hexadecimal: $0) }).flatMap({ Identifier(bytes: $0) }),
            let signature = request.headers[.tallymanSignature]
                .flatMap({ [UInt8](hexadecimal: $0) }),
            let offset = request.uri.queryParameters["offset"].flatMap({ Int($0) }),
            let count = count.flatMap({ Int($0) })
        else { throw SyncRefusal.malformed }
        return try BlobPart(
            replica: replica,
            id: id,
            offset: offset,
            count: count,
            signature: signature
        )
    }
}

extension HTTPField.Name {
    /// The terminal's id, 32 hexadecimal digits.
    static let tallymanReplica = named("tallyman-replica")
    /// Ed25519, 128 hexadecimal digits.
    static let tallymanSignature = named("tallyman-signature")

    private static func named(_ text: String) -> Self {
        guard let name = Self(text) else { preconditionFailure("\(text) is a header's name") }
        return name
    }
}

extension HTTPResponse.Status {
    /// RFC 4918, section 11.5.
    static let noRoom = Self(code: 507, reasonPhrase: "Insufficient Storage")
}
