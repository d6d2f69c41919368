import Dispatch
import Sync
import Synchronization

/// A write that waits for its turn.
protocol Write: AnyObject, Sendable {
    var isDone: Bool { get }
    /// When it was asked for.
    var begun: ContinuousClock.Instant { get }
    /// Runs the body; may be called again when the transaction was undone.
    func run(_ transaction: any ReplicaTransaction) throws
    /// Tells who waits: nil once the server has it.
    func finish(_ error: (any Error)?)
}

/// A write whose body gives a value.
///
/// `@unchecked`: used by one thread at a time, the queue's, until the outcome is told.
final class WriteRequest<Value>: Write, @unchecked Sendable {
    /// Let go before anyone is told, since it must not outlive the call that it came with.
    private var body: ((any ReplicaTransaction) throws -> Value)?
    private var value: Value?
    private var outcome: Result<Value, any Error>?
    private var answer: ((Result<Value, any Error>) -> Void)?
    private let isCancelled = Mutex(false)
    let begun = ContinuousClock.now

    init(_ body: @escaping (any ReplicaTransaction) throws -> Value) { self.body = body }

    func whenDone(_ answer: @escaping (Result<Value, any Error>) -> Void) { self.answer = answer }

    var isDone: Bool { outcome != nil }

    func cancel() { isCancelled.withLock { $0 = true } }

    func run(_ transaction: any ReplicaTransaction) throws {
        if isCancelled.withLock({ $0 }) { throw CancellationError() }
        value = try body?(transaction)
    }

    func finish(_ error: (any Error)?) {
        guard outcome == nil else { return }
        let told: Result<Value, any Error>
        if let error {
            told = .failure(error)
        } else if let value {
            told = .success(value)
        } else {
            preconditionFailure("a write that succeeded has run")
        }
        outcome = told
        body = nil
        answer?(told)
        answer = nil
    }

    func result() throws -> Value {
        guard let outcome else { preconditionFailure("the queue was drained") }
        return try outcome.get()
    }
}

/// The writes of this process that wait, in the order in which they came.
///
/// While the server works for one group, others come; all that wait then are the next group and
/// share its transaction and its wait for the disk.
final class WriteQueue: Sendable {
    /// The most that share a transaction: more would make the first wait for the others' bodies.
    static let groupCountMax = 64

    private let waiting = Mutex<[any Write]>([])
    private let queue = DispatchQueue(label: "postgres.write", qos: .userInitiated)

    /// Adds a write and has it done on the queue's thread, with what else waits.
    func add(_ request: any Write, _ commit: @escaping @Sendable ([any Write]) -> Void) {
        waiting.withLock { $0.append(request) }
        queue.async { self.drain(commit) }
    }

    /// Adds a write and waits until it is done.
    func wait(for request: any Write, _ commit: ([any Write]) -> Void) {
        waiting.withLock { $0.append(request) }
        queue.sync { while !request.isDone { drain(commit) } }
    }

    /// Waits until nothing is being written.
    func settle() { queue.sync {} }

    private func drain(_ commit: ([any Write]) -> Void) {
        let group = waiting.withLock { waiting in
            let group = Array(waiting.prefix(Self.groupCountMax))
            waiting.removeFirst(group.count)
            return group
        }
        if !group.isEmpty { commit(group) }
    }
}
