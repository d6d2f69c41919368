import Tally

/// A message as a target is told it.
public struct OutboundMessage: Hashable, Sendable {
    public let key: Identifier
    public let topic: String
    public let site: String
    public let entity: Identifier
    /// Whether the target may have it already.
    public let isRepeat: Bool
    /// From ``MessageContent``.
    public let content: JSONTree
    /// Where a person reads more; empty for nowhere.
    public let link: String

    /// The number of what it is about.
    public var number: String { content.value(at: "number")?.word ?? "" }

    public init(
        key: Identifier,
        topic: String,
        site: String,
        entity: Identifier,
        isRepeat: Bool,
        content: JSONTree,
        link: String = ""
    ) {
        self.key = key
        self.topic = topic
        self.site = site
        self.entity = entity
        self.isRepeat = isRepeat
        self.content = content
        self.link = link
    }

    /// Everything, as templates and bodies see it.
    public var tree: JSONTree {
        .map([
            "key": .text(key.description), "topic": .text(topic), "site": .text(site),
            "entity": .text(entity.description), "repeat": .bool(isRepeat), "link": .text(link),
            "content": content,
        ])
    }

    /// A CloudEvent's attributes (CloudEvents 1.0.2), without the prefix that a protocol gives
    /// them.
    public func attributes(now: Moment) -> [(name: String, value: String)] {
        [
            ("specversion", "1.0"), ("id", key.description),
            ("source", "/tallyman/sites/\(site)"), ("type", "tallyman.\(topic)"),
            ("subject", number), ("time", now.description),
            ("repeat", isRepeat ? "true" : "false"),
        ]
    }
}

/// Brings messages to one target.
public protocol Connector: Sendable {
    /// Whether the target tells what it has.
    var canBeAsked: Bool { get }

    /// Asks the target whether it has a message; only where it can be asked.
    func ask(_ message: OutboundMessage) async -> AskAnswer

    /// Sends one message that tells of these; more than one only where the target's settings allow
    /// digests.
    func send(_ messages: [OutboundMessage], now: Moment) async -> SendAnswer
}

extension Connector {
    public var canBeAsked: Bool { false }

    public func ask(_ message: OutboundMessage) async -> AskAnswer {
        .unknown(SendFailure(.unreadable, "this target cannot be asked"))
    }
}

/// Texts for people, by key and language; filled in with facts.
public typealias OutboxWords =
    @Sendable (_ key: String, _ language: String, _ facts: [String: String]) -> String
