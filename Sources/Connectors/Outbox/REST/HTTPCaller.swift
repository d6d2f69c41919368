import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Tally

/// Calls a target over HTTP, and says what a failure means.
struct HTTPCaller: Sendable {
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        let waitMilliseconds: Int64?
    }

    /// An answer longer than this is none of a target's.
    private static let answerCountMax = 1 << 20

    let client: HTTPClient
    let timeoutMilliseconds: Int64

    /// Calls, and gives whatever is answered.
    ///
    /// - Throws: ``SendFailure`` when nobody answers in time. It names no address: an address may
    ///   hold a key.
    func call(
        _ method: String,
        _ url: String,
        headers: [(String, String)],
        body: [UInt8]?
    ) async throws(SendFailure) -> Answer {
        do {
            var request = HTTPClientRequest(url: url)
            request.method = HTTPMethod(rawValue: method)
            for (name, value) in headers { request.headers.add(name: name, value: value) }
            if let body { request.body = .bytes(body) }
            let response = try await client.execute(
                request,
                timeout: .milliseconds(timeoutMilliseconds)
            )
            let answer = try await response.body.collect(upTo: Self.answerCountMax)
            let wait = response.headers.first(name: "retry-after").flatMap { Int64($0) }
            return Answer(
                status: Int(response.status.code),
                body: Array(buffer: answer),
                waitMilliseconds: wait.map { min(max($0, 0), 86_400) * 1_000 }
            )
        } catch is NIOTooManyBytesError {
            throw SendFailure(.unreadable, "the answer is too long")
        } catch let error as HTTPClientError {
            throw SendFailure(.unreachable, error.shortDescription)
        } catch {
            throw SendFailure(.unreachable, String("\(error)".prefix(200)))
        }
    }

    /// What a status means for a message that was sent; nil for success.
    static func failure(_ answer: Answer) -> SendAnswer? {
        if (200...299).contains(answer.status) { return nil }
        let said = String(decoding: answer.body.prefix(300), as: UTF8.self)
        let detail = "HTTP \(answer.status) \(said)"
        switch answer.status {
        case 429, 503:
            return .failed(
                SendFailure(.busy, detail, waitMilliseconds: answer.waitMilliseconds)
            )
        // What an operator, or time, may put right.
        case 401, 403, 404, 408, 409, 425, 500...599: return .failed(SendFailure(.refused, detail))
        default: return .refused(SendFailure(.refused, detail))
        }
    }
}
