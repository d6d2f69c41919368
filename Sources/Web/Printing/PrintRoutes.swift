import Foundation
import HTTPTypes
import Hummingbird
import Labels
import NIOCore
import Tally

/// The terminal's print queue for programs.
///
/// | request | does |
/// |---|---|
/// | `GET /api/v1/print/printers` | the printers |
/// | `GET /api/v1/print/jobs` | the queue, the newest first |
/// | `POST /api/v1/print/jobs` | queues a label: `label`, `fields`, `lists`, `printer`, … |
/// | `POST /api/v1/print/jobs/<id>/<action>` | `retry`, `cancel`, `confirm`, `move` (`printer`) |
public struct PrintRoutes: Sendable {
    private static let bodyCountMax = 1 << 20

    private let desk: PrintDesk

    private struct Target: Decodable { let printer: String? }

    public init(_ desk: PrintDesk) { self.desk = desk }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("api/v1/print/printers") { _, _ in
            try Self.json(try await desk.queue.printers().map(PrinterDocument.init))
        }
        router.get("api/v1/print/jobs") { _, _ in
            try Self.json(try await desk.jobs().map(PrintJobDocument.init))
        }
        router.post("api/v1/print/jobs") { request, _ in
            try await Self.answering {
                let order: PrintDesk.Order = try await Self.body(request)
                return try Self.json(PrintJobDocument(try await desk.print(order)))
            }
        }
        router.post("api/v1/print/jobs/:id/:action") { request, context in
            let (id, action) = (
                try context.parameters.require("id"), try context.parameters.require("action")
            )
            return try await Self.answering {
                guard let number = Int64(id) else { throw PrintRefusal.unknownJob(id) }
                guard let known = PrintDesk.Action(rawValue: action) else {
                    throw HTTPError(.notFound)
                }
                let target: Target? = known == .move ? try await Self.body(request) : nil
                let job = try await desk.act(known, on: number, to: target?.printer)
                return try Self.json(PrintJobDocument(job))
            }
        }
    }

    private static func answering(_ work: () async throws -> Response) async throws -> Response {
        do {
            return try await work()
        } catch let refusal as APIRefusal {
            return try Response.problem(refusal, .badRequest)
        } catch let refusal as any Refusal {
            return try Response.problem(refusal)
        }
    }

    private static func body<Value: Decodable>(_ request: Request) async throws -> Value {
        let bytes = Array(buffer: try await request.body.collect(upTo: bodyCountMax))
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw APIRefusal(error)
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response.json(.ok, Array(try encoder.encode(value)))
    }
}
