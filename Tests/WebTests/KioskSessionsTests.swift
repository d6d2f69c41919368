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

    @Test func `a page that is opened twice at once is one, and who signed in stays so`()
        async throws
    {
        let sessions = KioskSessions(idle: .seconds(60))
        let first = await sessions.open("a", language: .english, start: "1", now: start)
        _ = try await sessions.change("a", now: start) { $0.lastRequest = "signed in" }
        let second = await sessions.open("a", language: .english, start: "2", now: start)
        #expect(second.start == first.start)
        #expect(second.lastRequest == "signed in")
        let idle = start + .seconds(61)
        let later = await sessions.open("a", language: .english, start: "3", now: idle)
        #expect(later.start == "3")
        #expect(later.lastRequest == "")
        // A browser that shows version 9 of the page before is shown version 1 of this one.
        #expect(later.isNewer(than: 9, of: first.start))
        #expect(!later.isNewer(than: 9, of: later.start))
        #expect(later.isNewer(than: 0, of: nil))
    }
}
