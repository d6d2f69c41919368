import Tally

/// How a REST target is called.
public struct RESTSettings: Sendable {
    struct Call: Sendable {
        let method: String
        let url: BodyTemplate
        let headers: [(String, String)]
        let body: BodyTemplate?
        /// Where its number stands in the answer; empty for nowhere.
        let number: String
        /// What stands in the answer of a target that has it.
        let found: String
    }

    let send: Call
    let ask: Call?
}

/// Any system with an HTTP interface, by templates; one with a look-up is asked before a repeat.
struct RESTConnector: Connector {
    let settings: RESTSettings
    let caller: HTTPCaller

    var canBeAsked: Bool { settings.ask != nil }

    private func call(
        _ call: RESTSettings.Call,
        _ message: OutboundMessage
    ) async throws(SendFailure) -> HTTPCaller.Answer {
        var headers = call.headers
        if call.body != nil, !headers.contains(where: { $0.0.lowercased() == "content-type" }) {
            headers.append(("content-type", "application/json"))
        }
        headers.append(("idempotency-key", message.key.description))
        if message.isRepeat { headers.append(("tallyman-repeat", "true")) }
        return try await caller.call(
            call.method,
            call.url.text(message),
            headers: headers,
            body: call.body.map { Array($0.text(message).utf8) }
        )
    }

    func ask(_ message: OutboundMessage) async -> AskAnswer {
        guard let ask = settings.ask else {
            return .unknown(SendFailure(.unreadable, "no look-up is set"))
        }
        do {
            let answer = try await call(ask, message)
            if answer.status == 404 { return .absent }
            switch HTTPCaller.failure(answer) {
            case .failed(let failure), .refused(let failure): return .unknown(failure)
            case nil, .accepted: break
            }
            guard let tree = JSONTree(json: answer.body) else {
                return .unknown(SendFailure(.unreadable, "the answer is no JSON"))
            }
            guard tree.value(at: ask.found) != nil else { return .absent }
            return .there(number: tree.value(at: ask.number)?.word ?? "")
        } catch {
            return .unknown(error)
        }
    }

    func send(_ messages: [OutboundMessage], now: Moment) async -> SendAnswer {
        guard let message = messages.first, messages.count == 1 else {
            preconditionFailure("this target takes each message alone")
        }
        do {
            let answer = try await call(settings.send, message)
            if let failure = HTTPCaller.failure(answer) { return failure }
            guard !settings.send.number.isEmpty else { return .accepted(number: "") }
            let number = JSONTree(json: answer.body)?.value(at: settings.send.number)?.word
            return .accepted(number: number ?? "")
        } catch {
            return .failed(error)
        }
    }
}
