import Sync
import Tally

/// A link in virtual time that carries so many bits a second, is cut at fixed intervals, and loses
/// every so-manieth response after the hub has acted on the request.
struct ThinLink {
    enum Fault: Error {
        case cut
        case responseLost
    }

    let bytesPerSecond: Int
    let cutMilliseconds: UInt64
    let lostEvery: Int
    /// Bytes of headers that each message carries beside its body.
    let headerCount = 300

    private(set) var now: UInt64 = 0
    private(set) var contentSent = 0
    private(set) var cuts = 0
    private(set) var lost = 0
    private var responses = 0

    init(bitsPerSecond: Int, cutMilliseconds: UInt64, lostEvery: Int) {
        bytesPerSecond = bitsPerSecond / 8
        self.cutMilliseconds = cutMilliseconds
        self.lostEvery = lostEvery
    }

    /// Carries bytes until the next cut: how many of them arrive.
    private mutating func carry(_ count: Int) -> Int {
        let nextCut = (now / cutMilliseconds + 1) * cutMilliseconds
        let until = Int(nextCut - now) * bytesPerSecond / 1_000
        let arrived = min(count, until)
        now += UInt64((arrived * 1_000 + bytesPerSecond - 1) / bytesPerSecond)
        if arrived < count {
            now = nextCut
            cuts += 1
        }
        return arrived
    }

    /// A request and its answer.
    ///
    /// - Parameters:
    ///   - body: bytes of the request.
    ///   - isContent: whether they are a blob's.
    ///   - answerCount: bytes of the answer.
    ///   - deliver: what the hub does with the bytes that arrive; all of them, or the first.
    /// - Returns: the hub's answer.
    /// - Throws: ``Fault`` when it did not come, or what `deliver` throws.
    mutating func exchange<Answer>(
        _ body: [UInt8],
        isContent: Bool,
        answerCount: Int,
        deliver: ([UInt8]) throws -> Answer
    ) throws -> Answer {
        let arrived = carry(headerCount + body.count)
        let part = Array(body.prefix(max(arrived - headerCount, 0)))
        if isContent { contentSent += part.count }
        let isWhole = part.count == body.count
        // A message that is not content is not understood when it is cut.
        guard isWhole || isContent && !part.isEmpty else { throw Fault.cut }
        let answer = try deliver(part)
        guard isWhole else { throw Fault.cut }
        responses += 1
        if responses.isMultiple(of: lostEvery) {
            lost += 1
            throw Fault.responseLost
        }
        guard carry(headerCount + answerCount) == headerCount + answerCount else {
            throw Fault.cut
        }
        return answer
    }

    mutating func rest(milliseconds: UInt64) { now += milliseconds }
}
