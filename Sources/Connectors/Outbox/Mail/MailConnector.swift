import CCurl
import Foundation
import Tally

/// A mail server, and who is written to.
public struct MailSettings: Sendable {
    /// `smtps://HOST:465`, or `smtp://HOST:587`, which then has to speak TLS, except on this
    /// machine.
    let server: String
    let from: String
    let to: [String]
    let user: String
    let password: String
    /// A file of certificates to trust; empty for the system's.
    let authority: String
}

/// Mail by SMTP, through libcurl.
struct MailConnector: Connector {
    let settings: MailSettings
    let language: String
    let words: OutboxWords
    let timeoutMilliseconds: Int64

    /// libcurl waits, and must not on Swift's own threads.
    private static let queue = DispatchQueue(
        label: "tallyman.mail",
        qos: .utility,
        attributes: .concurrent
    )

    private static let started: Void = curl_global_start()

    func send(_ messages: [OutboundMessage], now: Moment) async -> SendAnswer {
        let words = MessageWords(language: language, words: words)
        let text = messages.count == 1 ? words.text(messages[0]) : words.digest(messages)
        let bytes = MailText.bytes(settings, messages, text, now: now)
        return await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: transfer(bytes)) }
        }
    }

    /// Whether the server is this machine, where nobody else can listen in.
    private var isLoopback: Bool {
        let host = URL(string: settings.server)?.host ?? ""
        return host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private func transfer(_ bytes: [UInt8]) -> SendAnswer {
        _ = Self.started
        guard let handle = curl_easy_init() else {
            return .failed(SendFailure(.unreachable, "no memory"))
        }
        defer { curl_easy_cleanup(handle) }
        var recipients: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(recipients) }
        for address in settings.to { recipients = curl_slist_append(recipients, "<\(address)>") }
        var content = bytes
        return content.withUnsafeMutableBytes { buffer in
            guard let file = fmemopen(buffer.baseAddress, buffer.count, "r") else {
                return .failed(SendFailure(.unreachable, String(cString: strerror(errno))))
            }
            defer { fclose(file) }
            var said = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
            return said.withUnsafeMutableBufferPointer { said in
                set(handle, recipients, file, said.baseAddress)
                let status = curl_easy_perform(handle)
                let words = said.baseAddress.map { String(cString: $0) } ?? ""
                return judge(status, Int(curl_response_code(handle)), words)
            }
        }
    }

    private func set(
        _ handle: UnsafeMutableRawPointer,
        _ recipients: UnsafeMutablePointer<curl_slist>?,
        _ file: UnsafeMutablePointer<FILE>,
        _ said: UnsafeMutablePointer<CChar>?
    ) {
        let security = isLoopback ? CURLUSESSL_TRY : CURLUSESSL_ALL
        curl_set_text(handle, CURLOPT_URL, settings.server)
        curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        curl_set_number(handle, CURLOPT_TIMEOUT_MS, Int(timeoutMilliseconds))
        curl_set_number(handle, CURLOPT_USE_SSL, Int(security.rawValue))
        curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(settings.from)>")
        curl_set_pointer(handle, CURLOPT_MAIL_RCPT, recipients)
        curl_set_number(handle, CURLOPT_UPLOAD, 1)
        // libcurl reads with fread(3) unless it is told another way.
        curl_set_pointer(handle, CURLOPT_READDATA, file)
        curl_set_pointer(handle, CURLOPT_ERRORBUFFER, said)
        if !settings.authority.isEmpty {
            curl_set_text(handle, CURLOPT_CAINFO, settings.authority)
        }
        if !settings.user.isEmpty {
            curl_set_text(handle, CURLOPT_USERNAME, settings.user)
            curl_set_text(handle, CURLOPT_PASSWORD, settings.password)
        }
    }

    /// A server's 4xx is for now, its 5xx for good (RFC 5321, 4.2.1).
    private func judge(_ status: CURLcode, _ response: Int, _ said: String) -> SendAnswer {
        guard status != CURLE_OK else { return .accepted(number: "") }
        let words = said.isEmpty ? String(cString: curl_easy_strerror(status)) : said
        let detail = response == 0 ? words : "SMTP \(response) \(words)"
        switch response {
        case 400...499: return .failed(SendFailure(.busy, detail))
        case 500...599 where status != CURLE_LOGIN_DENIED && status != CURLE_USE_SSL_FAILED:
            return .refused(SendFailure(.refused, detail))
        case 500...599: return .failed(SendFailure(.refused, detail))
        default: return .failed(SendFailure(.unreachable, detail))
        }
    }
}
