import Agent
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Tally

/// What became of the terminal's records, for programs.
///
/// | request | does |
/// |---|---|
/// | `GET /api/v1/records` | how many wait, since when, and what was not simply accepted |
/// | `GET /api/v1/records/<operation>` | one record, by the name that the command's answer gave |
public struct RecordRoutes: Sendable {
    private let shell: TerminalShell

    struct Document: Encodable {
        let operation: String
        let kind: String
        let entity: String
        let type: String
        let worker: String
        let recorded: String
        /// `unsent`, `stored`, `ordered` or `secured`.
        let state: String
        /// `accepted`, `conflict`, `waiting`, `rejected` or `quarantined`; absent before the hub
        /// has said.
        let verdict: String?
        /// A problem code, where the hub gave one.
        let reason: String?

        init(_ record: RecordState) {
            operation = record.operation.description
            kind = record.entity.kind
            entity = record.entity.id.description
            type = record.type
            worker = record.worker
            recorded = record.recorded.description
            state = record.stage.rawValue
            verdict = record.verdict.map { "\($0)" }
            reason = record.reason.isEmpty ? nil : record.reason
        }
    }

    struct Report: Encodable {
        let unsent: Int
        let unsentSince: String?
        let records: [Document]
    }

    public init(_ shell: TerminalShell) { self.shell = shell }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("api/v1/records") { _, _ in
            let report = try await shell.records()
            return try Self.json(
                Report(
                    unsent: report.unsent,
                    unsentSince: report.unsentSince?.description,
                    records: report.records.map(Document.init)
                )
            )
        }
        router.get("api/v1/records/:operation") { _, context in
            let name = try context.parameters.require("operation")
            guard let id = OperationID(text: name), let record = try await shell.record(id) else {
                throw HTTPError(.notFound)
            }
            return try Self.json(Document(record))
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response.json(.ok, Array(try encoder.encode(value)))
    }
}
