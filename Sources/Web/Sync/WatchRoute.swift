import Hub
import ServiceLifecycle
import Sync

/// Keeps a terminal's request waiting until there is something for it.
///
/// It ends after the time that the terminal asked for, so a connection that is half open costs a
/// place among the waiting for no longer than that; and at once when the daemon stops.
struct WatchRoute: Sendable {
    let hub: HubShell

    /// Answers a `WatchRequest` with a `WatchResponse`.
    func answer(_ bytes: [UInt8]) async throws -> [UInt8] {
        let request = try WatchRequest(bytes: bytes)
        // Whoever may not ask is told so at once, and takes no place.
        let first = try await hub.news(for: request)
        guard !first.changed else { return try first.bytes() }
        let (changes, number) = try hub.beginWatch()
        defer { hub.endWatch(number) }
        let hub = hub
        let answer = try await withThrowingTaskGroup(of: WatchResponse?.self) { group in
            group.addTask {
                try await cancelWhenGracefulShutdown {
                    for await _ in changes {
                        let news = try await hub.news(for: request)
                        if news.changed { return news }
                    }
                    return nil
                }
            }
            group.addTask {
                // Cancelled when the other is done.
                try? await Task.sleep(for: .milliseconds(request.waitMilliseconds))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        return try (answer ?? first).bytes()
    }
}
