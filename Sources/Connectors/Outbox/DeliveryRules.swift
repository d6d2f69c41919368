import Tally

/// When an attempt that failed is made again: data, not code.
public struct RetrySchedule: Hashable, Sendable {
    /// After the first failure, the second, …; the last one goes on.
    public let delaysMilliseconds: [Int64]
    /// After so many attempts a message is a dead letter.
    public let attemptsMax: Int

    public init(delaysMilliseconds: [Int64], attemptsMax: Int) {
        self.delaysMilliseconds = delaysMilliseconds.isEmpty ? [60_000] : delaysMilliseconds
        self.attemptsMax = max(1, attemptsMax)
    }

    /// 5 s, 30 s, 2 min, 10 min, 30 min, then every hour: two days.
    public static let standard = RetrySchedule(
        delaysMilliseconds: [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000],
        attemptsMax: 52
    )

    /// How long to wait after so many attempts; nil when no other follows.
    func delay(after attempts: Int) -> Int64? {
        guard attempts < attemptsMax else { return nil }
        let index = min(max(attempts - 1, 0), delaysMilliseconds.count - 1)
        return delaysMilliseconds[index]
    }
}

/// What a target says when it is asked whether it has a message.
public enum AskAnswer: Hashable, Sendable {
    case there(number: String)
    case absent
    /// It cannot be told now, so nothing is sent.
    case unknown(SendFailure)
}

/// What came of sending.
public enum SendAnswer: Hashable, Sendable {
    case accepted(number: String)
    /// May be made again; whether it arrived is not known.
    case failed(SendFailure)
    /// The target says that it will never take it.
    case refused(SendFailure)
}

/// A failure, by a code that has a text, and the target's own words.
public struct SendFailure: Error, Hashable, Sendable {
    /// A problem code.
    public let code: String
    public let detail: String
    /// Not before so long; nil for what the schedule says.
    public let waitMilliseconds: Int64?
    /// Whether nobody answered, so that others would fare no better.
    public let isUnreachable: Bool

    public init(
        _ kind: Kind,
        _ detail: String,
        waitMilliseconds: Int64? = nil
    ) {
        code = kind.code.text
        self.detail = detail
        self.waitMilliseconds = waitMilliseconds
        isUnreachable = kind == .unreachable
    }

    /// What kind of failure it is.
    public enum Kind: Hashable, Sendable {
        case unreachable, busy, refused, unroutable, unreadable

        var code: ProblemCode {
            switch self {
            case .unreachable: "outbox.unreachable"
            case .busy: "outbox.busy"
            case .refused: "outbox.refused"
            case .unroutable: "outbox.unroutable"
            case .unreadable: "outbox.unreadable"
            }
        }
    }
}

/// One attempt to deliver, step by step; it decides, and moves no bytes.
///
/// A target that can be asked is asked before anything is sent again; what it has counts as
/// delivered, and while it does not say, nothing is sent. One that cannot be asked gets the same
/// key again, marked as a repeat.
public struct DeliveryMachine: Hashable, Sendable {
    /// What is to be done next.
    public enum Step: Hashable, Sendable {
        case ask
        case send(isRepeat: Bool)
        case settle(OutboxOutcome.Result)
    }

    private enum Stage: Hashable, Sendable {
        case begun, asked, sent, over
    }

    private let delivery: OutboxDelivery
    private let schedule: RetrySchedule
    private let asksFirst: Bool
    private var stage = Stage.begun

    /// An attempt.
    ///
    /// - Parameters:
    ///   - delivery: as it was taken from the queue, this attempt counted.
    ///   - schedule: the target's.
    ///   - canBeAsked: whether the target tells what it has.
    ///   - isSureOfPast: false at a hub that was restored: a target that can be asked always is.
    public init(
        _ delivery: OutboxDelivery,
        _ schedule: RetrySchedule,
        canBeAsked: Bool,
        isSureOfPast: Bool = true
    ) {
        self.delivery = delivery
        self.schedule = schedule
        asksFirst = canBeAsked && (delivery.mayBeThere || !isSureOfPast)
    }

    /// The first step.
    public mutating func begin() -> Step {
        precondition(stage == .begun, "an attempt begins once")
        guard asksFirst else {
            stage = .sent
            return .send(isRepeat: delivery.mayBeThere)
        }
        stage = .asked
        return .ask
    }

    /// The step that follows an answer to ``Step/ask``.
    public mutating func asked(_ answer: AskAnswer, now: Moment) -> Step {
        precondition(stage == .asked, "an answer follows a question")
        switch answer {
        case .there(let number):
            stage = .over
            return .settle(.delivered(number: number))
        case .absent:
            stage = .sent
            return .send(isRepeat: delivery.mayBeThere)
        case .unknown(let failure):
            stage = .over
            return .settle(result(of: failure, now: now))
        }
    }

    /// What follows from what came of ``Step/send(isRepeat:)``.
    public mutating func sent(_ answer: SendAnswer, now: Moment) -> OutboxOutcome.Result {
        precondition(stage == .sent, "what was not sent has no answer")
        stage = .over
        switch answer {
        case .accepted(let number): return .delivered(number: number)
        case .failed(let failure): return result(of: failure, now: now)
        case .refused(let failure): return .dead(error: failure.code, detail: failure.detail)
        }
    }

    private func result(of failure: SendFailure, now: Moment) -> OutboxOutcome.Result {
        guard let delay = schedule.delay(after: delivery.attempts) else {
            return .dead(error: failure.code, detail: failure.detail)
        }
        let wait = max(delay, failure.waitMilliseconds ?? 0)
        return .again(
            due: now.adding(milliseconds: wait),
            error: failure.code,
            detail: failure.detail
        )
    }
}
