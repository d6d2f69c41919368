import Foundation
import HTTPTypes
import Hub
import Hummingbird
import NIOCore
import Tally

/// The hub's interface for programs: the orders, and the description of all routes.
public struct HubAPIRoutes: Sendable {
    private let hub: HubShell
    private let description: [UInt8]

    /// - Parameters:
    ///   - hub: the hub.
    ///   - description: OpenAPI 3.1, YAML.
    public init(_ hub: HubShell, description: [UInt8]) {
        self.hub = hub
        self.description = description
    }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("api/v1/arrival-orders") { _, _ in
            try Self.list(try await hub.read { try $0.arrivalOrders(in: $1) })
        }
        router.get("api/v1/maintenance-orders") { _, _ in
            try Self.list(try await hub.read { try $0.maintenanceOrders(in: $1) })
        }
        router.get("api/v1/missed-inspections") { _, _ in
            try Self.list(try await hub.missedInspections())
        }
        router.get("api/v1/exception-reports") { _, _ in
            try Self.list(try await hub.read { try $0.exceptionReports(in: $1) })
        }
        router.get("api/v1/quarantine") { request, _ in
            let all = request.uri.queryParameters["all"] == "true"
            return try Self.list(try await hub.read { try $0.keptAside(all: all, in: $1) })
        }
        router.get("api/v1/terminals") { _, _ in
            try Self.list(try await hub.read { try $0.terminals(in: $1) })
        }
        router.get("openapi.yaml") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/yaml"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: description))
            )
        }
    }

    private static func list(_ items: [some Encodable]) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return .json(.ok, Array(try encoder.encode(items)))
    }
}
