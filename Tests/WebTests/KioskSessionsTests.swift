import Agent
import Codes
import Testing

import Web

@Suite struct KioskSessionsTests {
    private let start = ContinuousClock.now

    @Test func `a page that nobody used for long is gone`() async {
        let sessions = KioskSessions(idle: .seconds(60))
        _ = await sessions.start("a", language: .english, now: start)
        #expect(await sessions.page("a", now: start + .seconds(59)) != nil)
        #expect(await sessions.page("a", now: start + .seconds(61)) == nil)
        #expect(await sessions.page("b", now: start) == nil)
    }

    @Test func `at most so many pages are kept, the latest used ones`() async throws {
        let sessions = KioskSessions(countMax: 3)
        for index in 0..<3 {
            let now = start + .seconds(index)
            _ = await sessions.start("\(index)", language: .chinese, now: now)
        }
        _ = try await sessions.change("0", now: start + .seconds(9)) { $0.lastRequest = "x" }
        _ = await sessions.start("3", language: .chinese, now: start + .seconds(10))
        #expect(await sessions.count == 3)
        #expect(await sessions.page("0", now: start)?.lastRequest == "x")
        #expect(await sessions.page("1", now: start) == nil)
    }

    @Test func `changes of one page happen one after another`() async throws {
        let sessions = KioskSessions()
        _ = await sessions.start("a", language: .english, now: start)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    _ = try await sessions.change("a", now: start) { page in
                        let before = page.lastRequest
                        await Task.yield()
                        page.lastRequest = before + "x"
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await sessions.page("a", now: start)?.lastRequest.count == 50)
    }

    @Test func `a change that fails leaves the page as it was, and the next one goes on`()
        async throws
    {
        let sessions = KioskSessions()
        _ = await sessions.start("a", language: .english, now: start)
        await #expect(throws: KioskRefusal.textMissing) {
            _ = try await sessions.change("a", now: start) { page in
                page.lastRequest = "lost"
                throw KioskRefusal.textMissing
            }
        }
        let page = try await sessions.change("a", now: start) { $0.skipped = ["q"] }
        #expect(page?.lastRequest == "")
        #expect(page?.skipped == ["q"])
    }
}
