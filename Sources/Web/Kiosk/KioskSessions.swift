import Agent
import Codes

/// The pages that are open at this terminal, in memory.
///
/// Losing them costs a sign-in and nothing else: what people recorded is in the store. Scans of one
/// page are taken one after another, whatever the browser sends at once.
package actor KioskSessions {
    /// One page.
    package struct Page: Sendable {
        package var session: KioskSession
        package var feedback: KioskSession.Feedback?
        /// The request that was taken last.
        package var lastRequest = "" {
            didSet { earlierRequests = [oldValue] + earlierRequests.prefix(14) }
        }
        /// Those before it, so that one is known again though a device scanned meanwhile.
        private var earlierRequests: [String] = []

        init(session: KioskSession, start: String) {
            self.session = session
            self.start = start
        }

        /// Whether a request was taken already; one without a name never was.
        package func hasTaken(_ request: String) -> Bool {
            !request.isEmpty && (request == lastRequest || earlierRequests.contains(request))
        }
        /// Whether a browser that shows a version of a start should show this one.
        package func isNewer(than version: Int, of start: String?) -> Bool {
            start.map { $0 != self.start } ?? false || self.version > version
        }
        /// Questions of the inspection at hand that were passed over for now.
        package var skipped: Set<String> = []
        /// Whether it shows what hangs on the terminal, and teaches.
        package var isAtDevices = false
        /// Grows with every change.
        package internal(set) var version = 1
        /// Tells this page from one that had its place before: versions count within it.
        package let start: String
    }

    private struct Entry {
        var page: Page
        var lastUsed: ContinuousClock.Instant
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// At most so many pages are kept; the one that was used longest ago goes first.
    let countMax: Int
    /// A page that nobody used for so long is signed out.
    let idle: Duration

    private var entries: [String: Entry] = [:]

    /// No pages yet.
    package init(countMax: Int = 64, idle: Duration = .seconds(15 * 60)) {
        self.countMax = countMax
        self.idle = idle
    }

    /// How many pages are kept.
    package var count: Int { entries.count }

    /// The page of a cookie; nil when there is none, or nobody used it for too long.
    package func page(_ id: String, now: ContinuousClock.Instant) -> Page? {
        guard let entry = entries[id] else { return nil }
        guard entry.isBusy || now - entry.lastUsed < idle else {
            entries[id] = nil
            return nil
        }
        return entry.page
    }

    /// The page of a cookie, started where there is none.
    ///
    /// Both in one step: of two requests that come at once after a page was lost, the second finds
    /// what the first one started, and signs nobody out.
    ///
    /// - Parameters:
    ///   - id: of the page.
    ///   - language: what a new page speaks.
    ///   - name: of this start; no page before had it.
    ///   - now: the present.
    /// - Returns: the page.
    package func open(
        _ id: String,
        language: CommandCode.Language,
        start name: String,
        now: ContinuousClock.Instant
    ) -> Page {
        page(id, now: now) ?? start(id, language: language, start: name, now: now)
    }

    /// Starts a page.
    package func start(
        _ id: String,
        language: CommandCode.Language,
        start name: String = "",
        now: ContinuousClock.Instant
    ) -> Page {
        while entries.count >= countMax {
            let idlest = entries.filter { !$0.value.isBusy }
                .min { $0.value.lastUsed < $1.value.lastUsed }
            guard let idlest else { break }
            entries[idlest.key] = nil
        }
        let page = Page(session: KioskSession(language: language), start: name)
        entries[id] = Entry(page: page, lastUsed: now)
        return page
    }

    /// Changes a page; the next change waits until this one is done.
    ///
    /// - Returns: the page after the change, or nil when there is no such page.
    package func change(
        _ id: String,
        now: ContinuousClock.Instant,
        _ body: @Sendable (inout Page) async throws -> Void
    ) async throws -> Page? {
        guard await take(id) else { return nil }
        defer { leave(id) }
        guard var page = entries[id]?.page else { return nil }
        try await body(&page)
        page.version += 1
        entries[id]?.page = page
        entries[id]?.lastUsed = now
        return page
    }

    /// Of some pages the one that was used last; nil when there is none of them.
    ///
    /// One that was used too long ago counts with those that are not known any more.
    package func newest(of pages: Set<String>) -> String? {
        let known = pages.filter { entries[$0] != nil }
        let used = known.max { one, other in
            (entries[one]?.lastUsed).map { used in
                (entries[other]?.lastUsed).map { used < $0 } ?? false
            } ?? true
        }
        return used ?? pages.min()
    }

    private func take(_ id: String) async -> Bool {
        while let entry = entries[id] {
            guard entry.isBusy else {
                entries[id]?.isBusy = true
                return true
            }
            await withCheckedContinuation { entries[id]?.waiting.append($0) }
        }
        return false
    }

    private func leave(_ id: String) {
        entries[id]?.isBusy = false
        guard let waiting = entries[id]?.waiting else { return }
        entries[id]?.waiting = []
        for continuation in waiting { continuation.resume() }
    }
}
