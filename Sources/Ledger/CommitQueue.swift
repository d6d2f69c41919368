import Dispatch
import Foundation
import Sync
import Synchronization

/// A write that waits for its turn and for the disk.
protocol Committing: AnyObject, Sendable {
    var isDone: Bool { get }
    /// Runs the body; what it throws undoes this request alone.
    func run(_ transaction: any ReplicaTransaction) throws
    /// Tells who waits: nil once the disk has it.
    func finish(_ error: (any Error)?)
}

/// A write whose body gives a value.
///
/// `@unchecked`: the body and what it gave are used by one thread at a time, the queue's, until the
/// outcome is told behind the lock.
final class CommitRequest<Value>: Committing, @unchecked Sendable {
    /// Let go before anyone is told, since it must not outlive the call that it came with.
    private var body: ((any ReplicaTransaction) throws -> Value)?
    private var value: Value?
    private var outcome: Result<Value, any Error>?
    private var answer: ((Result<Value, any Error>) -> Void)?
    private let isCancelled = Mutex(false)

    init(_ body: @escaping (any ReplicaTransaction) throws -> Value) { self.body = body }

    var isDone: Bool { outcome != nil }

    func cancel() { isCancelled.withLock { $0 = true } }

    func whenDone(_ answer: @escaping (Result<Value, any Error>) -> Void) { self.answer = answer }

    func run(_ transaction: any ReplicaTransaction) throws {
        if isCancelled.withLock({ $0 }) { throw CancellationError() }
        value = try body?(transaction)
    }

    func finish(_ error: (any Error)?) {
        guard outcome == nil else { return }
        let outcome: Result<Value, any Error>
        if let error {
            outcome = .failure(error)
        } else if let value {
            outcome = .success(value)
        } else {
            preconditionFailure("a request that succeeded has run")
        }
        self.outcome = outcome
        body = nil
        answer?(outcome)
        answer = nil
    }

    func result() throws -> Value {
        guard let outcome else { preconditionFailure("the queue was drained") }
        return try outcome.get()
    }
}

/// What came of a request; the first one told counts.
struct CommitOutcome: Sendable {
    let request: any Committing
    let error: (any Error)?

    func tell() { request.finish(error) }
}

/// The writes that wait, in the order they came.
///
/// While the disk works for one group, others come; all that wait then are the next group. So
/// twenty clients wait for two commits at most, not for twenty.
final class CommitQueue: Sendable {
    /// The most that share a commit: more would make the first wait for the bodies of the others.
    static let groupCountMax = 64

    private let waiting = Mutex<[any Committing]>([])
    private let queue = DispatchQueue(label: "ledger.commit", qos: .userInitiated)

    func add(_ request: any Committing) { waiting.withLock { $0.append(request) } }

    /// Commits what waits, on the queue's thread.
    ///
    /// Whoever is told may let the store and its folder go at once, so `commit` is let go before.
    func drain(_ commit: @escaping @Sendable ([any Committing]) -> [CommitOutcome]) {
        let taken = Taken(commit)
        queue.async {
            for outcome in taken.run(self.next()) { outcome.tell() }
        }
    }

    /// Work that is held until it is done, and no longer.
    private final class Taken: Sendable {
        typealias Work = @Sendable ([any Committing]) -> [CommitOutcome]

        private let work: Mutex<Work?>

        init(_ work: @escaping Work) { self.work = Mutex(work) }

        func run(_ group: [any Committing]) -> [CommitOutcome] {
            let work = work.withLock { work in
                defer { work = nil }
                return work
            }
            return group.isEmpty ? [] : work?(group) ?? []
        }
    }

    /// Commits what waits until `request` is done.
    func drain(
        until request: any Committing,
        _ commit: ([any Committing]) -> [CommitOutcome]
    ) {
        queue.sync {
            while !request.isDone {
                let group = next()
                precondition(!group.isEmpty, "a request waits until it is done")
                for outcome in commit(group) { outcome.tell() }
            }
        }
    }

    private func next() -> [any Committing] {
        waiting.withLock { waiting in
            let group = Array(waiting.prefix(Self.groupCountMax))
            waiting.removeFirst(group.count)
            return group
        }
    }
}
