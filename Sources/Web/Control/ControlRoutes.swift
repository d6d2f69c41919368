import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Tally

/// How the commands reach the daemon that owns a data folder: one JSON request in, one JSON answer
/// out, over a Unix socket in that folder.
///
/// Only who may open the folder may open the socket.
public struct ControlRoutes: Sendable {
    static let bodyCountMax = 64 << 20
    static let path = "control"

    private let answer: @Sendable ([UInt8]) async throws -> [UInt8]

    /// - Parameter answer: answers a request; a refusal goes back as a problem.
    public init(answer: @escaping @Sendable ([UInt8]) async throws -> [UInt8]) {
        self.answer = answer
    }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.post("control") { request, _ in
            let body = try await request.body.collect(upTo: Self.bodyCountMax)
            do {
                return Response.json(.ok, try await answer(Array(buffer: body)))
            } catch let refusal as any Refusal {
                return try Response.problem(refusal)
            }
        }
    }
}

/// Speaks to a daemon over its Unix socket.
public enum ControlClient {
    /// Nobody listens on the socket: no daemon owns the folder.
    public struct NobodyThere: Error {}

    /// Sends a request and waits for the answer.
    ///
    /// - Parameters:
    ///   - request: JSON.
    ///   - socket: the socket's path.
    ///   - client: for this exchange.
    /// - Returns: the answer, JSON.
    /// - Throws: ``NobodyThere``, or the daemon's refusal as ``RemoteRefusal``.
    public static func ask(
        _ request: [UInt8],
        socket: String,
        client: HTTPClient
    ) async throws -> [UInt8] {
        guard FileManager.default.fileExists(atPath: socket) else { throw NobodyThere() }
        guard let url = URL(httpURLWithSocketPath: socket, uri: "/" + ControlRoutes.path) else {
            throw NobodyThere()
        }
        var message = HTTPClientRequest(url: url.absoluteString)
        message.method = .POST
        message.headers.add(name: "content-type", value: "application/json")
        message.body = .bytes(request)
        let response: HTTPClientResponse
        do {
            response = try await client.execute(message, timeout: .seconds(600))
        } catch let error where Self.isRefused(error) {
            throw NobodyThere()
        }
        let body = try await response.body.collect(upTo: ControlRoutes.bodyCountMax)
        let bytes = Array(buffer: body)
        guard response.status == .ok else { throw try RemoteRefusal(problem: bytes) }
        return bytes
    }

    private static func isRefused(_ error: any Error) -> Bool {
        if let error = error as? IOError { return error.errnoCode == ECONNREFUSED }
        return String(describing: error).contains("onnection refused")
    }
}

/// A refusal that another process sent, by its code.
public struct RemoteRefusal: Refusal, Codable, Equatable {
    private let problem: String
    public let facts: [String: String]

    public var code: ProblemCode { ProblemCode(problem) }

    init(_ refusal: any Refusal) {
        problem = refusal.code.text
        facts = refusal.facts
    }

    init(problem bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(RemoteRefusal.self, from: Data(bytes))
    }

    enum CodingKeys: String, CodingKey {
        case problem = "code"
        case facts
    }
}

extension Response {
    static func json(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    /// A refusal as a problem: its code and its facts.
    static func problem(
        _ refusal: any Refusal,
        _ status: HTTPResponse.Status = .conflict
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return .json(status, Array(try encoder.encode(RemoteRefusal(refusal))))
    }
}
