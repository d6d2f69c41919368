import HTTPTypes
import Hummingbird
import NIOCore
import Tally

/// Where systems that were told of an order say what became of it.
public struct CallbackRoutes: Sendable {
    /// A call as it came.
    public struct Call: Sendable {
        public let target: String
        public let body: [UInt8]
        public let timestamp: String
        public let signature: String
    }

    private static let bodyCountMax = 64 << 10

    private let hear: @Sendable (Call) async throws -> Bool

    /// - Parameter hear: checks and writes down a call; false when its message is not known.
    public init(hear: @escaping @Sendable (Call) async throws -> Bool) { self.hear = hear }

    /// Puts the route on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.post("api/v1/callbacks/:target") { request, context in
            let body = try await request.body.collect(upTo: Self.bodyCountMax)
            let call = Call(
                target: context.parameters.get("target") ?? "",
                body: Array(buffer: body),
                timestamp: Self.header("tallyman-timestamp", of: request),
                signature: Self.header("tallyman-signature", of: request)
            )
            do {
                return Response(status: try await hear(call) ? .noContent : .notFound)
            } catch let refusal as any Refusal {
                let isForged = refusal.code == "outbox.forged_call"
                return try Response.problem(refusal, isForged ? .unauthorized : .badRequest)
            }
        }
    }

    private static func header(_ name: String, of request: Request) -> String {
        HTTPField.Name(name).flatMap { request.headers[$0] } ?? ""
    }
}
