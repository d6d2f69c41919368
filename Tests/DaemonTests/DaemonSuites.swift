import Foundation
import Testing

/// The suites that start the real programs, one after another: two that measure times at once would
/// measure each other.
@Suite(.serialized, .ownThreads) enum DaemonSuites {}

/// Runs tests on threads of their own.
///
/// These tests wait for other processes with calls that block. On the shared pool they would keep
/// it from others, and a long computation there would make them miss what they measure.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: OwnThreads { OwnThreads() }
}

/// A thread for each piece of work.
final class ThreadExecutor: TaskExecutor {
    static let shared = ThreadExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Something that a test needs did not come about.
struct PlantFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Waiting, by the clock that never jumps.
enum Wait {
    static func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec()
        time.tv_sec = Int(seconds)
        time.tv_nsec = Int(attoseconds / 1_000_000_000)
        nanosleep(&time, nil)
    }

    /// Asks again and again until there is an answer.
    ///
    /// - Returns: the answer; nil when there was none in time.
    static func until<Value>(
        within limit: Duration,
        every step: Duration = .milliseconds(2),
        _ ask: () throws -> Value?
    ) rethrows -> Value? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let value = try ask() { return value }
            if ContinuousClock.now >= deadline { return nil }
            pause(step)
        }
    }
}
