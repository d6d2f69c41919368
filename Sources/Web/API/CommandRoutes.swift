import Agent
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Tally

/// The terminal's interface for programs: `POST /api/v1/commands` with a worker's badge and a
/// `FloorCommand`.
///
/// When it answers 200, what was asked is saved.
public struct CommandRoutes: Sendable {
    private static let bodyCountMax = 256 << 10

    private let shell: TerminalShell
    private let texts: StringTable?

    struct Ask: Decodable {
        let worker: String
        let command: FloorCommand
    }

    struct Saved: Encodable {
        let saved: [String]
        let entity: String
        let kind: String
    }

    /// - Parameters:
    ///   - shell: the terminal.
    ///   - texts: in which a refusal of the store is told beside its code; nil for the code alone.
    public init(_ shell: TerminalShell, texts: StringTable? = nil) {
        self.shell = shell
        self.texts = texts
    }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.post("api/v1/commands") { request, _ in
            let body = try await request.body.collect(upTo: Self.bodyCountMax)
            do {
                return Response.json(.ok, try await run(Array(buffer: body)))
            } catch let refusal as APIRefusal {
                return try Response.problem(refusal, .badRequest)
            } catch let refusal as any Refusal where refusal.code.text.hasPrefix("ledger.") {
                return try StoreProblem(refusal, texts).response()
            } catch let refusal as any Refusal {
                return try Response.problem(refusal)
            }
        }
    }

    private func run(_ body: [UInt8]) async throws -> [UInt8] {
        let ask: Ask
        do {
            ask = try JSONDecoder().decode(Ask.self, from: Data(body))
        } catch let error as DecodingError {
            throw APIRefusal(error)
        }
        let saved = try await shell.run(ask.command, by: ask.worker)
        let answer = Saved(
            saved: saved.operations.map(\.description),
            entity: saved.entity.id.description,
            kind: saved.entity.kind
        )
        return Array(try JSONEncoder().encode(answer))
    }
}

/// Why a request is not understood.
///
/// Nothing was changed.
public enum APIRefusal: Refusal, Equatable {
    /// The body is not JSON.
    case notJSON
    /// A field is missing, or is not what belongs there.
    case badField(path: String, detail: String)

    init(_ error: DecodingError) {
        let (context, missing): (DecodingError.Context, String?) =
            switch error {
            case .keyNotFound(let key, let context): (context, key.stringValue)
            case .typeMismatch(_, let context), .valueNotFound(_, let context),
                .dataCorrupted(let context):
                (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil)
            }
        let path = (context.codingPath.map(\.stringValue) + [missing].compactMap { $0 })
            .joined(separator: ".")
        self = path.isEmpty ? .notJSON : .badField(path: path, detail: context.debugDescription)
    }

    public var code: ProblemCode {
        switch self {
        case .notJSON: "api.not_json"
        case .badField: "api.bad_field"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .notJSON: [:]
        case .badField(let path, let detail): ["field": path, "detail": detail]
        }
    }
}
