import Sync
import Synchronization
import Tally

// Terminals that wait are told when the hub has taken something in.

/// Who waits to be told of changes.
struct Watchers: Sendable {
    /// The most that may wait at once; others poll.
    static let countMax = 1_000

    private var next: UInt64 = 0
    private var waiting: [UInt64: AsyncStream<Void>.Continuation] = [:]

    mutating func add(_ continuation: AsyncStream<Void>.Continuation) -> UInt64? {
        guard waiting.count < Self.countMax else { return nil }
        next += 1
        waiting[next] = continuation
        return next
    }

    mutating func remove(_ number: UInt64) {
        waiting.removeValue(forKey: number)?.finish()
    }

    func tell() {
        for continuation in waiting.values { continuation.yield() }
    }

    var count: Int { waiting.count }
}

extension HubShell {
    /// How many terminals wait now.
    public var watcherCount: Int { watchers.withLock(\.count) }

    /// Gives a value now and whenever the hub has taken something in, until
    /// ``endWatch(_:)``.
    ///
    /// - Throws: ``SyncRefusal/tooManyWaiting`` when too many wait already.
    public func beginWatch() throws -> (changes: AsyncStream<Void>, number: UInt64) {
        let (changes, tell) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        guard let number = watchers.withLock({ $0.add(tell) }) else {
            throw SyncRefusal.tooManyWaiting
        }
        tell.yield()
        return (changes, number)
    }

    /// Another process has written to the hub's store: whoever waits looks.
    public func noticeChange() { watchers.withLock { $0.tell() } }

    /// Ends what ``beginWatch()`` began.
    public func endWatch(_ number: UInt64) { watchers.withLock { $0.remove(number) } }

    /// What there is for a terminal that waits.
    public func news(for request: WatchRequest) async throws -> WatchResponse {
        try await store.read { try HubReplica.hasNews(for: request, in: $0) }
    }
}
