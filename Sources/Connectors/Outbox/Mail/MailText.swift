import Foundation
import Tally

/// A mail as it goes over the wire (RFC 5322), in UTF-8 and Base64.
enum MailText {
    /// Writes a mail.
    ///
    /// - Parameters:
    ///   - settings: from whom, to whom.
    ///   - messages: what it tells of; the message id derives from their keys, so a repeat has the
    ///     same one.
    ///   - text: their words.
    ///   - now: its date.
    /// - Returns: lines ended by CR LF.
    static func bytes(
        _ settings: MailSettings,
        _ messages: [OutboundMessage],
        _ text: MessageWords.Text,
        now: Moment
    ) -> [UInt8] {
        let host = settings.from.split(separator: "@").last.map(String.init) ?? "localhost"
        let keys = messages.map(\.key.description)
        let id = keys.count == 1 ? keys[0] : Identifier.derived("mail", keys.joined()).description
        let body = (text.lines + ["", text.link, text.mark]).joined(separator: "\r\n")
        var lines = [
            "Date: " + date(now), "From: <\(settings.from)>",
            "To: " + settings.to.map { "<\($0)>" }.joined(separator: ",\r\n "),
            "Subject: " + header(text.title), "Message-ID: <\(id)@\(host)>",
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated",
        ]
        lines += keys.map { "Tallyman-Key: \($0)" }
        lines += messages.filter(\.isRepeat).map { "Tallyman-Repeat: \($0.key)" }
        lines.append("")
        let coded = Data(body.utf8).base64EncodedString()
        var rest = coded[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(76)))
            rest = rest.dropFirst(76)
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// A header's text in encoded words of at most 75 characters (RFC 2047).
    static func header(_ text: String) -> String {
        var words: [String] = []
        var part = ""
        for character in text {
            if (part + String(character)).utf8.count > 42 {
                words.append(part)
                part = ""
            }
            part.append(character)
        }
        words.append(part)
        return words.map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }
            .joined(separator: "\r\n ")
    }

    /// `Sat, 28 Nov 2026 08:00:00 +0000`.
    static func date(_ moment: Moment) -> String {
        let text = moment.description  // 2026-11-28T08:00:00.000Z
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let parts = text.split { "-T.".contains($0) }.map(String.init)
        let month = Int(parts[1]).flatMap { months.indices.contains($0 - 1) ? months[$0 - 1] : nil }
        let days = Int(moment.milliseconds / 86_400_000)
        let name = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][((days % 7) + 7) % 7]
        return "\(name), \(parts[2]) \(month ?? "Jan") \(parts[0]) \(parts[3]) +0000"
    }
}
