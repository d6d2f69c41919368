import Sync
import Tally

/// Everything that a store answers about the world of a ``Workbench``, to compare two stores.
public struct PortAnswers: Equatable {
    private var answers: [String: String] = [:]

    /// Asks `reading` everything.
    public init(_ reading: any ReplicaReading) throws {
        let log = try reading.log(offset: 0, limit: .max)
        answers["log"] = Self.text(of: log)
        answers["page of the log"] = Self.text(of: try reading.log(offset: 2, limit: 3))
        answers["waiting"] = Self.text(of: try reading.waiting(limit: .max))
        answers["scopes"] = "\(try reading.scopes())"
        answers["outbox"] = "\(try reading.outbox(limit: .max))"
        for key in ["place", "stamp", "name"] {
            answers["setting \(key)"] =
                "\(String(describing: try reading.setting(SettingKey(key))))"
        }
        for scope in Workbench.scopes {
            answers["stream \(scope)"] = Self.text(
                of: try reading.stream(scope, after: 0, limit: .max)
            )
            answers["page \(scope)"] = Self.text(of: try reading.stream(scope, after: 1, limit: 2))
            answers["head \(scope)"] = "\(try reading.head(of: scope))"
            answers["digest \(scope)"] = "\(try reading.digest(of: scope))"
        }
        for kind in Workbench.kinds {
            let entities = try reading.entities(kind: kind, in: nil)
            answers["entities \(kind)"] = "\(entities)"
            for scope in Workbench.scopes {
                answers["entities \(kind) \(scope)"] =
                    "\(try reading.entities(kind: kind, in: scope))"
            }
            for entity in entities {
                answers["unjudged \(entity)"] = Self.text(of: try reading.unjudged(about: entity))
                answers["cells \(entity)"] = Self.text(of: try reading.cells(of: entity))
            }
        }
        for chain in Set(log.map { [$0.operation.id.replica.low, $0.operation.id.incarnation] }) {
            guard
                let id = log.map(\.operation.id).first(where: {
                    $0.replica.low == chain[0] && $0.incarnation == chain[1]
                })
            else { continue }
            let head = try reading.chainHead(id.replica, id.incarnation)
            answers["chain \(chain)"] = "\(String(describing: head))"
            answers["unsent \(id.replica)"] = Self.text(
                of: try reading.unsent(of: id.replica, limit: .max)
            )
            answers["backlog \(id.replica)"] = "\(try reading.backlog(of: id.replica))"
        }
    }

    private static func text(of operations: [LoggedOperation]) -> String {
        operations.map { logged in
            let id = logged.operation.id
            let judgement = logged.judgement.map { "\($0)" } ?? "unjudged"
            let acknowledged = logged.acknowledged.map { "\($0)" } ?? "unsent"
            return "\(id) \(logged.operation.hash) \(judgement) \(acknowledged)"
        }
        .joined(separator: ", ")
    }

    private static func text(of cells: [CellKey: [UInt8]]) -> String {
        cells.map { "\($0.key.bytes.hexadecimal)=\($0.value.hexadecimal)" }.sorted()
            .joined(separator: " ")
    }

    /// The first question, by name, that is answered otherwise; nil when none is.
    public func difference(from other: PortAnswers) -> String? {
        for question in Set(answers.keys).union(other.answers.keys).sorted()
        where answers[question] != other.answers[question] {
            return """
                \(question): \(answers[question] ?? "no answer")
                    and \(other.answers[question] ?? "no answer")
                """
        }
        return nil
    }
}
