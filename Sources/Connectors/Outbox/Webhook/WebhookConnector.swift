import Tally

/// Calls an address with a CloudEvent in JSON, signed.
struct WebhookConnector: Connector {
    let url: String
    let secret: String
    let caller: HTTPCaller

    /// The event, structured (CloudEvents JSON format 1.0.2).
    static func body(_ message: OutboundMessage, now: Moment) -> [UInt8] {
        var event: [String: JSONTree] = [
            "datacontenttype": .text("application/json"), "data": message.content,
        ]
        for (name, value) in message.attributes(now: now) { event[name] = .text(value) }
        event["repeat"] = .bool(message.isRepeat)
        if !message.link.isEmpty { event["link"] = .text(message.link) }
        return Array(JSONTree.map(event).json.utf8)
    }

    func send(_ messages: [OutboundMessage], now: Moment) async -> SendAnswer {
        guard let message = messages.first, messages.count == 1 else {
            preconditionFailure("this target takes each message alone")
        }
        let body = Self.body(message, now: now)
        let seconds = now.milliseconds / 1_000
        let headers = [
            ("content-type", "application/cloudevents+json; charset=utf-8"),
            ("idempotency-key", message.key.description),
            (WebhookSignature.timestampHeader, String(seconds)),
            (
                WebhookSignature.signatureHeader,
                WebhookSignature.signature(of: body, seconds: seconds, secret: secret)
            ),
        ]
        do {
            let answer = try await caller.call("POST", url, headers: headers, body: body)
            return HTTPCaller.failure(answer) ?? .accepted(number: "")
        } catch {
            return .failed(error)
        }
    }
}
