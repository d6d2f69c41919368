import AsyncHTTPClient
import Tally

/// Whoever is told of the plant's decisions, and how: from a file of targets.
public struct OutboxTarget: Sendable {
    /// How it is reached.
    public enum Kind: String, Sendable, CaseIterable {
        case rest, webhook, robot, mail, rabbitmq
    }

    /// What a kind needs besides.
    public enum Means: Sendable {
        case rest(RESTSettings)
        case webhook(url: String, secret: String)
        case robot(RobotSettings)
        case mail(MailSettings)
        case rabbitmq(RabbitMQSettings)
    }

    public let name: String
    public let kind: Kind
    public let means: Means
    /// What it is told of; nil for everything.
    public let topics: Set<String>?
    /// Nil for all.
    public let sites: Set<String>?
    public let rate: RateLimit?
    public let digestMax: Int
    public let retry: RetrySchedule
    public let timeoutMilliseconds: Int64
    /// `zh-CN` or `en`: in which language it is told.
    public let language: String
    /// Where a person reads more: a template of an address.
    public let link: BodyTemplate?
    /// What it signs its own calls with; empty for one that never calls.
    let callbackSecret: String

    /// Whether it is told of a topic at a site.
    public func takes(_ topic: String, of site: String) -> Bool {
        topics?.contains(topic) ?? true && sites?.contains(site) ?? true
    }

    /// Whether it tells what it has.
    public var canBeAsked: Bool {
        if case .rest(let settings) = means { return settings.ask != nil }
        return false
    }

    /// How deliveries are taken for it: who sends has time for a question and the sending.
    var terms: LeaseTerms {
        LeaseTerms(
            target: name,
            rate: rate,
            digestMax: digestMax,
            holdMilliseconds: 2 * timeoutMilliseconds + 5_000
        )
    }

    /// The way to it.
    package func connector(_ client: HTTPClient, _ words: @escaping OutboxWords) -> any Connector {
        let caller = HTTPCaller(client: client, timeoutMilliseconds: timeoutMilliseconds)
        switch means {
        case .rest(let settings): return RESTConnector(settings: settings, caller: caller)
        case .webhook(let url, let secret):
            return WebhookConnector(url: url, secret: secret, caller: caller)
        case .robot(let settings):
            return RobotConnector(
                settings: settings,
                language: language,
                words: words,
                caller: caller
            )
        case .mail(let settings):
            return MailConnector(
                settings: settings,
                language: language,
                words: words,
                timeoutMilliseconds: timeoutMilliseconds
            )
        case .rabbitmq(let settings):
            return RabbitMQConnector(settings, timeoutMilliseconds: timeoutMilliseconds)
        }
    }
}
