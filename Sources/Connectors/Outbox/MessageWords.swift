import Tally

/// Messages in words for people: a title and lines, the same for a robot's card and a mail.
struct MessageWords {
    let language: String
    let words: OutboxWords

    /// What people read of a message.
    struct Text {
        let title: String
        let lines: [String]
        /// Its key; never left out.
        let mark: String
        let link: String
    }

    /// More lines than this are counted and not shown.
    private static let linesMax = 12

    func text(_ message: OutboundMessage) -> Text {
        let content = message.content
        var lines: [String]
        let title: String
        if message.topic == "arrival_order" {
            let kind = content.value(at: "is_revision") == .bool(true) ? "revision" : "order"
            title = say("arrival_\(kind)", content)
            lines = [say("arrival_head", content)]
            lines += items(content, "lines").map { line in
                let damage =
                    line.value(at: "is_damaged") == .bool(true) ? say("arrival_damaged", line) : ""
                return say("arrival_line", line) + damage
            }
        } else {
            title = say("maintenance_order", content)
            lines = [say("maintenance_head", content)]
            if content.value(at: "severe") == .bool(true) { lines.append(say("severe")) }
            lines += items(content, "findings").map { say("maintenance_finding", $0) }
        }
        if lines.count > Self.linesMax {
            let rest = lines.count - Self.linesMax
            lines = lines.prefix(Self.linesMax) + [say("more", ["count": String(rest)])]
        }
        return Text(title: title, lines: lines, mark: mark(message), link: message.link)
    }

    /// Several messages as one: the number of each, its key, and whether it was sent before.
    func digest(_ messages: [OutboundMessage]) -> Text {
        let title = say("digest", ["count": String(messages.count)])
        let lines = messages.map { "\(Self.plain($0.number.prefix(30)))  \(mark($0))" }
        let (last, others) = (lines.last ?? "", Array(lines.dropLast()))
        return Text(title: title, lines: others, mark: last, link: messages.first?.link ?? "")
    }

    /// The key, and whether the message may have come before.
    private func mark(_ message: OutboundMessage) -> String {
        let key = say("key", ["key": message.key.description])
        return message.isRepeat ? key + " " + say("repeat") : key
    }

    var open: String { say("open") }

    private func items(_ content: JSONTree, _ name: String) -> [JSONTree] {
        if case .list(let list)? = content.value(at: name) { return list }
        return []
    }

    private func say(_ key: String, _ tree: JSONTree) -> String {
        guard case .map(let map) = tree else { return say(key) }
        return say(key, map.compactMapValues { $0.word.map(Self.plain) })
    }

    private func say(_ key: String, _ facts: [String: String] = [:]) -> String {
        words("outbox.\(key)", language, facts)
    }

    /// What a person typed into a code or a name neither ends a line nor makes a link.
    static func plain(_ text: some StringProtocol) -> String {
        let other: [Character: Character] = [
            "<": "‹", ">": "›", "[": "〔", "]": "〕", "`": "ʼ", "\n": " ", "\r": " ",
        ]
        return String(text.map { other[$0] ?? $0 })
    }
}
