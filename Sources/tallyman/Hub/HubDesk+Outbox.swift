import Connectors
import Foundation
import Ledger
import LedgerPostgres
import Tally
import Web

extension HubPlace {
    /// Who is told of decisions: by the file that was named, else by the folder's own, if any.
    func outboxTargets() throws -> [OutboxTarget] {
        let own = folder + "/targets.yaml"
        guard let file = targets ?? (FileManager.default.fileExists(atPath: own) ? own : nil)
        else { return [] }
        return try TargetFile.read(
            name: URL(fileURLWithPath: file).lastPathComponent,
            bytes: try FileBytes.read(file),
            environment: ProcessInfo.processInfo.environment
        )
    }
}

extension HubDesk {
    /// The deliveries, in the hub's store.
    var outbox: any OutboxQueue {
        if let postgres { return PostgresOutboxQueue(in: postgres) }
        guard let ledger else { preconditionFailure("a hub has a store") }
        return LedgerOutboxQueue(ledger)
    }

    /// Who is told of decisions; the file is read where no daemon has read it.
    private var targets: [OutboxTarget] {
        get throws { try served ?? place.outboxTargets() }
    }

    /// Answers what is asked of messages on their way.
    func answerOutbox(_ request: HubRequest) async throws -> HubAnswer {
        switch request {
        case .outbox(let target, let states, let limit):
            var question = OutboxQuestion(target: target, limit: limit)
            let wanted = states.compactMap { OutboxDelivery.State(rawValue: $0) }
            if !wanted.isEmpty { question.states = Set(wanted) }
            return .deliveries(try await outbox.deliveries(question).map(DeliveryView.init))
        case .replayOutbox(let target, let key):
            let name = try key.map { text in
                guard let name = Identifier(text: text) else {
                    throw OutboxRefusal.unknownKey(text)
                }
                return name
            }
            if let target { try await checkTarget(target) }
            let now = try MachineClock().reading().wall
            return .replayed(try await outbox.replay(name, of: target, now: now))
        default:
            let counts = try await outbox.counts()
            let targets = try targets
            let known = targets.map { target in
                TargetView(target, counts.filter { $0.target == target.name })
            }
            let names = Set(targets.map(\.name))
            let others = Dictionary(grouping: counts.filter { !names.contains($0.target) }) {
                $0.target
            }
            return .targets(
                known + others.sorted { $0.key < $1.key }.map { TargetView($0.key, $0.value) }
            )
        }
    }

    private func checkTarget(_ target: String) async throws {
        let used = try await outbox.counts().map(\.target)
        let known = Set(try used + targets.map(\.name)).sorted()
        guard known.contains(target) else {
            throw OutboxRefusal.unknownTarget(target, known: known.joined(separator: ", "))
        }
    }

    /// Figures of the deliveries, by target and state.
    func outboxMetrics() async throws -> [Metric] {
        let counts = try await outbox.counts()
        guard !counts.isEmpty else { return [] }
        let now = try MachineClock().reading().wall
        return [
            Metric(
                "tallyman_outbox_deliveries",
                "Messages by target and state: waiting, sending, delivered, dead.",
                type: "gauge",
                counts.map {
                    .init(
                        Double($0.count),
                        ["target": $0.target, "state": $0.state.rawValue]
                    )
                }
            ),
            Metric(
                "tallyman_outbox_oldest_seconds",
                "How long the oldest message of a target waits that is not delivered.",
                type: "gauge",
                counts.filter { $0.state == .waiting }.map {
                    .init(
                        Double(now.milliseconds - $0.oldest.milliseconds) / 1_000,
                        ["target": $0.target]
                    )
                }
            ),
        ]
    }
}

/// A message on its way, as the office sees it; moments in ISO 8601.
struct DeliveryView: Codable, Sendable {
    let key: String
    let target: String
    let site: String
    let topic: String
    /// The order's own number.
    let order: String
    let revision: String
    let state: String
    let attempts: Int
    /// Whether an attempt was made that may have arrived.
    let doubted: Bool
    let added: String
    let due: String
    let error: String
    let detail: String
    let delivered: String?
    /// What the target calls it.
    let number: String
    /// What it made of it: `accepted`, `closed`.
    let word: String?
    let wordMoment: String?
    /// What is told, as JSON.
    let content: String

    init(_ delivery: OutboxDelivery) {
        // What this program cannot read is shown without its content.
        let content =
            (try? MessageContent.read(delivery.topic, delivery.payload)) ?? JSONTree.null
        var fields: [String: JSONTree] = [:]
        if case .map(let map) = content { fields = map }
        key = delivery.key.description
        target = delivery.target
        site = delivery.site
        topic = delivery.topic
        order = fields["number"]?.word ?? ""
        revision = fields["revision"]?.word ?? ""
        state = delivery.state.rawValue
        attempts = delivery.attempts
        doubted = delivery.isDoubted
        added = delivery.added.description
        due = delivery.due.description
        error = delivery.error
        detail = delivery.detail
        delivered = delivery.delivered?.description
        number = delivery.number
        word = delivery.word?.rawValue
        wordMoment = delivery.wordMoment?.description
        self.content = content.json
    }

    var text: String {
        let head = "\(state)\t\(target)\t\(order) r\(revision)\t\(key)\tattempts \(attempts)"
        let end = delivered.map { "\tdelivered \($0)" } ?? "\tdue \(due)"
        let called = (number.isEmpty ? "" : "\tas \(number)") + (word.map { "\t\($0)" } ?? "")
        guard !error.isEmpty else { return head + end + called }
        let words = Texts.shared.problem(KeptFailure(code: ProblemCode(error)))
        return head + end + "\n    \(words) \(detail)"
    }
}

/// A target, as the office sees it.
struct TargetView: Codable, Sendable {
    let name: String
    /// Empty for one that is in no file any more.
    let kind: String
    let canBeAsked: Bool
    /// By state, how many messages.
    let messages: [String: Int]

    init(_ target: OutboxTarget, _ counts: [OutboxCount]) {
        name = target.name
        kind = target.kind.rawValue
        canBeAsked = target.canBeAsked
        messages = Self.messages(counts)
    }

    init(_ name: String, _ counts: [OutboxCount]) {
        self.name = name
        kind = ""
        canBeAsked = false
        messages = Self.messages(counts)
    }

    private static func messages(_ counts: [OutboxCount]) -> [String: Int] {
        Dictionary(counts.map { ($0.state.rawValue, $0.count) }) { $0 + $1 }
    }

    var text: String {
        let counts = messages.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let asked = canBeAsked ? "\tasked before a repeat" : ""
        let shown = kind.isEmpty ? "no longer set" : kind
        return "\(name)\t\(shown)\(asked)\t\(counts.joined(separator: ", "))"
    }
}

/// Why a message did not arrive, to be said in words.
private struct KeptFailure: Refusal {
    let code: ProblemCode
    var facts: [String: String] { [:] }
}
