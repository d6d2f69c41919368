import Forms
import Tally

/// Why a message cannot be told, or a file of targets is refused.
public enum OutboxRefusal: Refusal, Equatable {
    /// A message about something that this program does not know.
    case unknownTopic(String)
    /// A file of targets, with the line of what is wrong.
    case targets(file: String, line: Int, detail: String)
    /// A secret that is not where the file says.
    case secret(String)
    case unknownTarget(String, known: String)
    case unknownKey(String)
    /// A target's call that is not signed as it should be.
    case forgedCall(String)
    /// A target's call that says nothing which is understood.
    case badCall(String)

    public var code: ProblemCode {
        switch self {
        case .unknownTopic: "outbox.unknown_topic"
        case .targets: "outbox.targets"
        case .secret: "outbox.secret"
        case .unknownTarget: "outbox.unknown_target"
        case .unknownKey: "outbox.unknown_key"
        case .forgedCall: "outbox.forged_call"
        case .badCall: "outbox.bad_call"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .unknownTopic(let topic): ["topic": topic]
        case .targets(let file, let line, let detail):
            ["file": file, "line": String(line), "detail": detail]
        case .secret(let place): ["place": place]
        case .unknownTarget(let target, let known): ["target": target, "known": known]
        case .unknownKey(let key): ["key": key]
        case .forgedCall(let target): ["target": target]
        case .badCall(let expected): ["expected": expected]
        }
    }

    init(_ refusal: FormRefusal, in tree: DefinitionTree, file: String) {
        guard case .definition(let fault, let path, let read, let expected) = refusal else {
            self = .targets(file: file, line: 1, detail: refusal.plainText)
            return
        }
        let words = [path, "\(fault)", read, expected].filter { !$0.isEmpty }
        self = .targets(
            file: file,
            line: tree.line(of: path),
            detail: words.joined(separator: ", ")
        )
    }
}
