/// The pages that wait for news, and wakes them.
///
/// A page asks for news over and over; it is live while it waits, and for a moment after.
actor PageWatch {
    /// A page that did not ask again within this time is closed or hidden.
    static let rest = Duration.seconds(3)
    /// Pages that wait at most; one more is answered at once.
    static let countMax = 64

    private struct Waiter {
        let page: String
        let wake: AsyncStream<Void>.Continuation
    }

    private var waiters: [Int: Waiter] = [:]
    private var counter = 0
    private var lastSeen: [String: ContinuousClock.Instant] = [:]

    /// Waits until a page is woken, or the time is up.
    ///
    /// - Parameters:
    ///   - page: which.
    ///   - time: at most so long.
    ///   - isNew: whether there is news already; asked once the page would be woken, so that none
    ///     slips by in between.
    func wait(
        _ page: String,
        for time: Duration,
        unless isNew: @Sendable () async -> Bool
    ) async {
        guard waiters.count < Self.countMax else { return }
        counter += 1
        let number = counter
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        waiters[number] = Waiter(page: page, wake: continuation)
        lastSeen[page] = .now
        if await isNew() { continuation.yield() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stream { return } }
            group.addTask {
                // Cut short when the page was woken or is gone.
                try? await Task.sleep(for: time)
            }
            await group.next()
            group.cancelAll()
        }
        waiters[number] = nil
        lastSeen[page] = Task.isCancelled ? nil : .now
        if lastSeen.count > 2 * Self.countMax {
            lastSeen = lastSeen.filter { .now - $0.value < Self.rest }
        }
    }

    /// Wakes a page.
    func wake(_ page: String) {
        for waiter in waiters.values where waiter.page == page { waiter.wake.yield() }
    }

    /// Wakes all pages.
    func wakeAll() {
        for waiter in waiters.values { waiter.wake.yield() }
    }

    /// The pages that are shown somewhere now.
    var live: Set<String> {
        let waiting = waiters.values.map(\.page)
        return Set(lastSeen.filter { .now - $0.value < Self.rest }.keys).union(waiting)
    }
}
