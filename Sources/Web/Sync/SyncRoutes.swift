import HTTPTypes
import Hub
import Hummingbird
import NIOCore
import Sync
import Tally

/// The hub's side of `sync.proto` over HTTP.
public struct SyncRoutes: Sendable {
    /// The largest request body in bytes: a full batch of long operations.
    static let bodyCountMax = 64 << 20

    private let hub: HubShell
    private let coding: BodyCoding

    /// The routes of a hub.
    ///
    /// - Parameters:
    ///   - hub: who answers.
    ///   - compressor: packs long answers, for terminals that take them so; zlib's format.
    public init(hub: HubShell, compressor: any Compressor) {
        self.hub = hub
        coding = BodyCoding(compressor)
    }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.post("sync/v1/push") { request, _ in
            try await answer(request) { try await hub.push($0) }
        }
        let watch = WatchRoute(hub: hub)
        for question in RequestProof.Question.allCases {
            router.post("sync/v1/\(question.rawValue)") { request, _ in
                let proof = request.headers[.tallymanProof].flatMap([UInt8].init(hexadecimal:))
                // What a piece or a photo holds is packed already.
                let isPacked = question != .piece
                return try await answer(request, isPacked: isPacked) { body in
                    try await hub.check(proof ?? [], question, body)
                    return switch question {
                    case .pull: try await hub.pull(body)
                    case .snapshot: try await hub.snapshot(body)
                    case .piece: try await hub.piece(body)
                    case .watch: try await watch.answer(body)
                    }
                }
            }
        }
        router.post("sync/v1/return") { request, _ in
            try await answer(request) { try await hub.giveBack($0) }
        }
        router.post("sync/v1/enroll") { request, _ in
            try await answer(request) { try await hub.enroll($0) }
        }
    }

    private func answer(
        _ request: Request,
        isPacked: Bool = true,
        _ work: ([UInt8]) async throws -> [UInt8]
    ) async throws -> Response {
        let body = Array(buffer: try await request.body.collect(upTo: Self.bodyCountMax))
        var response: Response
        do {
            let plain = try coding.plain(
                body,
                coding: request.headers[.contentEncoding],
                countMax: Self.bodyCountMax
            )
            let answer = try await work(plain)
            let takesPacked = BodyCoding.isNamed(in: request.headers[.acceptEncoding])
            if isPacked, takesPacked, let packed = try coding.packed(answer) {
                response = Response.protobuf(.ok, packed)
                response.headers[.contentEncoding] = BodyCoding.name
            } else {
                response = Response.protobuf(.ok, answer)
            }
        } catch let refusal as any Refusal where Self.isOfThisProcess(refusal) {
            // Nothing that a terminal could do about it but ask again, as when nobody answers.
            response = Response(status: .serviceUnavailable)
        } catch let refusal as any Refusal {
            let bytes = try SyncProblem.bytes(of: refusal)
            response = Response.protobuf(Self.status(of: refusal), bytes)
        }
        response.headers[.acceptEncoding] = BodyCoding.name
        return response
    }

    /// Whether another process of the hub, or this one later, may answer.
    private static func isOfThisProcess(_ refusal: any Refusal) -> Bool {
        refusal.code.text.hasPrefix("postgres.") || refusal.code.text == "hub.superseded"
    }

    private static func status(of refusal: any Refusal) -> HTTPResponse.Status {
        switch refusal as? SyncRefusal {
        case .unknownTerminal, .badSignature: .unauthorized
        case .foreignOrder, .scopeNotPermitted, .enrolmentCode: .forbidden
        case .malformed, .version, .versionEnded, .tooMany, .publicKey: .badRequest
        case .repairing, .tooManyWaiting: .serviceUnavailable
        case .noSnapshot: .notFound
        case .foreignHub, .noSuchTicket, .settled, .unreadable, .quarantinedAgain,
            .dismissalWithoutReason, .notEnrolled, .remote, nil:
            .conflict
        }
    }
}

extension HTTPField.Name {
    /// ``RequestProof``'s header.
    static let tallymanProof = HTTPField.Name(RequestProof.header) ?? .authorization
}

extension Response {
    static func protobuf(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/x-protobuf"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}

extension Array<UInt8> {
    /// The readable bytes of a buffer.
    init(buffer: ByteBuffer) { self = Array(buffer.readableBytesView) }
}
