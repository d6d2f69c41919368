import Tally

/// A chat robot: a card that links back, or one card for many messages when its limit is near.
struct RobotConnector: Connector {
    let settings: RobotSettings
    let language: String
    let words: OutboxWords
    let caller: HTTPCaller

    /// WeCom takes 2,048 bytes of text; the others more.
    private static let byteCountMax = 1_900

    func send(_ messages: [OutboundMessage], now: Moment) async -> SendAnswer {
        let words = MessageWords(language: language, words: words)
        let text = messages.count == 1 ? words.text(messages[0]) : words.digest(messages)
        let body = Self.body(settings, text, open: words.open, now: now)
        do {
            let answer = try await caller.call(
                "POST",
                Self.url(settings, now: now),
                headers: [("content-type", "application/json; charset=utf-8")],
                body: Array(body.json.utf8)
            )
            return Self.judge(answer, settings.brand)
        } catch {
            return .failed(error)
        }
    }

    /// Success is what the body says; HTTP says 200 to nearly everything.
    static func judge(_ answer: HTTPCaller.Answer, _ brand: RobotBrand) -> SendAnswer {
        if let failure = HTTPCaller.failure(answer) { return failure }
        guard let tree = JSONTree(json: answer.body),
            let code = tree.value(at: brand.codeName)?.word
        else { return .failed(SendFailure(.unreadable, "the answer has no \(brand.codeName)")) }
        guard code != "0" else { return .accepted(number: "") }
        let words = tree.value(at: brand == .feishu ? "msg" : "errmsg")?.word ?? ""
        let detail = "\(brand.codeName) \(code) \(words)"
        let isBusy = brand.busyCodes.contains(code)
        return .failed(SendFailure(isBusy ? .busy : .refused, detail))
    }

    static func url(_ settings: RobotSettings, now: Moment) -> String {
        guard settings.brand == .dingtalk, !settings.secret.isEmpty else { return settings.url }
        let sign = RobotSignature.dingtalk(milliseconds: now.milliseconds, secret: settings.secret)
        let mark = settings.url.contains("?") ? "&" : "?"
        return "\(settings.url)\(mark)timestamp=\(now.milliseconds)&sign=\(sign.percentEncoded)"
    }

    static func body(
        _ settings: RobotSettings,
        _ text: MessageWords.Text,
        open: String,
        now: Moment
    ) -> JSONTree {
        switch settings.brand {
        case .wecom: wecom(text)
        case .feishu: feishu(text, open: open, secret: settings.secret, now: now)
        case .dingtalk: dingtalk(text, open: open)
        }
    }

    private static func joined(_ text: MessageWords.Text, _ separator: String) -> String {
        let end = separator + text.mark
        var joined = ""
        for line in text.lines {
            let more = joined.isEmpty ? line : separator + line
            guard joined.utf8.count + more.utf8.count + end.utf8.count <= byteCountMax else {
                break
            }
            joined += more
        }
        return joined + end
    }

    private static func wecom(_ text: MessageWords.Text) -> JSONTree {
        let content = "**\(text.title)**\n" + joined(text, "\n")
        guard !text.link.isEmpty else {
            return .map([
                "msgtype": .text("markdown"),
                "markdown": .map(["content": .text(content)]),
            ])
        }
        return .map([
            "msgtype": .text("template_card"),
            "template_card": .map([
                "card_type": .text("text_notice"),
                "main_title": .map(["title": .text(text.title)]),
                "sub_title_text": .text(joined(text, "\n")),
                "card_action": .map(["type": .number("1"), "url": .text(text.link)]),
            ]),
        ])
    }

    private static func feishu(
        _ text: MessageWords.Text,
        open: String,
        secret: String,
        now: Moment
    ) -> JSONTree {
        var elements: [JSONTree] = [
            .map([
                "tag": .text("div"),
                "text": .map(["tag": .text("lark_md"), "content": .text(joined(text, "\n"))]),
            ])
        ]
        if !text.link.isEmpty {
            let button: JSONTree = .map([
                "tag": .text("button"), "type": .text("primary"), "url": .text(text.link),
                "text": .map(["tag": .text("plain_text"), "content": .text(open)]),
            ])
            elements.append(.map(["tag": .text("action"), "actions": .list([button])]))
        }
        let title: JSONTree = .map(["tag": .text("plain_text"), "content": .text(text.title)])
        var body: [String: JSONTree] = [
            "msg_type": .text("interactive"),
            "card": .map(["header": .map(["title": title]), "elements": .list(elements)]),
        ]
        if !secret.isEmpty {
            let seconds = now.milliseconds / 1_000
            body["timestamp"] = .text(String(seconds))
            body["sign"] = .text(RobotSignature.feishu(seconds: seconds, secret: secret))
        }
        return .map(body)
    }

    private static func dingtalk(_ text: MessageWords.Text, open: String) -> JSONTree {
        let content = "### \(text.title)\n\n" + joined(text, "\n\n")
        guard !text.link.isEmpty else {
            return .map([
                "msgtype": .text("markdown"),
                "markdown": .map(["title": .text(text.title), "text": .text(content)]),
            ])
        }
        return .map([
            "msgtype": .text("actionCard"),
            "actionCard": .map([
                "title": .text(text.title), "text": .text(content), "singleTitle": .text(open),
                "singleURL": .text(text.link),
            ]),
        ])
    }
}
