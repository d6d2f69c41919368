import Forms
import Tally

/// Reads one target of a file.
struct TargetReader {
    let node: FormNodeReader
    let secrets: TargetSecrets

    /// As many keys as the shortest card has room for.
    private static let digestMax = 12

    func means(_ kind: OutboxTarget.Kind, _ common: Set<String>) throws -> OutboxTarget.Means {
        switch kind {
        case .rest:
            try node.checkKeys(common.union(["send", "ask"]))
            return .rest(
                RESTSettings(
                    send: try call(try node.required("send"), isQuestion: false),
                    ask: try node.optional("ask").map { try call($0, isQuestion: true) }
                )
            )
        case .webhook:
            try node.checkKeys(common.union(["url", "secret"]))
            return .webhook(url: try url("url"), secret: try secret(try node.required("secret")))
        case .robot:
            try node.checkKeys(common.union(["brand", "url", "secret"]))
            guard let brand = RobotBrand(rawValue: try node.required("brand").text()) else {
                let known = RobotBrand.allCases.map(\.rawValue).joined(separator: ", ")
                throw node.refusal(.wrongKind, at: "brand", expected: known)
            }
            return .robot(
                RobotSettings(
                    brand: brand,
                    url: try url("url"),
                    secret: try node.optional("secret").map(secret) ?? ""
                )
            )
        case .mail:
            try node.checkKeys(common.union(["server", "from", "to", "user", "password", "ca"]))
            return .mail(
                MailSettings(
                    server: try node.required("server").text(),
                    from: try address(try node.required("from")),
                    to: try node.required("to").list().map(address),
                    user: try node.optional("user")?.text() ?? "",
                    password: try node.optional("password").map(secret) ?? "",
                    authority: try node.optional("ca")?.text() ?? ""
                )
            )
        case .rabbitmq:
            try node.checkKeys(common.union(["url", "exchange", "routing_key"]))
            let text = try secret(try node.required("url"))
            guard
                let settings = RabbitMQSettings(
                    url: text,
                    exchange: try node.optional("exchange")?.text() ?? "",
                    routingKey: try node.required("routing_key").text()
                )
            else { throw node.refusal(.wrongKind, at: "url", expected: "amqp://HOST:PORT/VHOST") }
            return .rabbitmq(settings)
        }
    }

    private func call(_ node: FormNodeReader, isQuestion: Bool) throws -> RESTSettings.Call {
        let keys: Set = ["method", "url", "headers", "body", "number"]
        try node.checkKeys(keys.union(isQuestion ? ["found"] : []))
        let method = try node.optional("method")?.text() ?? (isQuestion ? "GET" : "POST")
        guard ["GET", "POST", "PUT", "PATCH"].contains(method) else {
            throw node.refusal(.wrongKind, at: "method", expected: "GET, POST, PUT, PATCH")
        }
        let headers = try node.optional("headers")?.entries() ?? []
        return RESTSettings.Call(
            method: method,
            url: try template(try node.required("url"), .query),
            headers: try headers.map { ($0.key, try secret($0.value)) },
            body: try node.optional("body").map { try template($0, .json) },
            number: try node.optional("number")?.text() ?? "",
            found: isQuestion ? try node.required("found").text() : ""
        )
    }

    func template(_ node: FormNodeReader, _ escaping: BodyTemplate.Escaping) throws -> BodyTemplate
    {
        do {
            return try BodyTemplate(try node.text(), escaping)
        } catch let refusal as FormRefusal {
            throw refusal
        } catch {
            throw node.refusal(.wrongKind, expected: "a Mustache template")
        }
    }

    func secret(_ node: FormNodeReader) throws -> String {
        try secrets.secret(try node.text())
    }

    private func url(_ key: String) throws -> String {
        let text = try secret(try node.required(key))
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else {
            throw node.refusal(.wrongKind, at: key, expected: "https://…")
        }
        return text
    }

    private func address(_ node: FormNodeReader) throws -> String {
        let text = try node.text()
        let isLegal = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 60 && $0 != 62 }
        guard isLegal, text.split(separator: "@").count == 2 else {
            throw node.refusal(.wrongKind, expected: "NAME@HOST")
        }
        return text
    }

    func words(_ key: String) throws -> Set<String>? {
        try node.optional(key).map { Set(try $0.list().map { try $0.text() }) }
    }

    func digest(_ kind: OutboxTarget.Kind) throws -> Int {
        let usual = kind == .robot || kind == .mail ? Self.digestMax : 1
        guard let count = try node.optional("digest")?.count() else { return usual }
        guard kind == .robot || kind == .mail else {
            throw node.refusal(.wrongKind, at: "digest", expected: "robot, mail")
        }
        return min(count, Self.digestMax)
    }

    /// What the makers of chat robots allow.
    func usualRate(_ means: OutboxTarget.Means) -> RateLimit? {
        guard case .robot(let settings) = means else { return nil }
        return settings.brand.usualRate
    }

    func retry(_ node: FormNodeReader) throws -> RetrySchedule {
        try node.checkKeys(["after", "attempts"])
        return RetrySchedule(
            delaysMilliseconds: try node.required("after").list().map { try $0.duration() },
            attemptsMax: try node.required("attempts").count()
        )
    }
}

extension FormNodeReader {
    private static let units: [String: Int64] = [
        "ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]

    /// `500ms`, `5s`, `2m`, `1h`, `1d`.
    fileprivate func span(_ text: some StringProtocol) throws(FormRefusal) -> Int64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = String(text.dropFirst(digits.count))
        guard let count = Int64(digits), (1...100_000).contains(count),
            let factor = Self.units[unit]
        else { throw refusal(.wrongKind, expected: "500ms, 5s, 2m, 1h, 1d") }
        return count * factor
    }

    func duration() throws(FormRefusal) -> Int64 { try span(try text()) }

    /// `20/min`, `5/s`.
    func rate() throws(FormRefusal) -> RateLimit {
        let parts = try text().split(separator: "/")
        guard parts.count == 2, let count = Int(parts[0]), (1...1_000_000).contains(count) else {
            throw refusal(.wrongKind, expected: "20/min, 5/s")
        }
        return RateLimit(count: count, periodMilliseconds: try span("1" + parts[1]))
    }
}
