/// How many scans a device may make: a bucket of tokens, refilled over time.
///
/// A person scans at most a few times a second; what is far above that is a scanner gone mad or a
/// code in a stand's view, and is dropped before it reaches the page.
package struct ScanRate: Sendable {
    package static let burst = 20
    package static let perSecond = 10

    package init() {}

    private var tokens = Double(Self.burst)
    private var last: UInt64?

    /// Takes a token; false when there is none.
    package mutating func take(at now: UInt64) -> Bool {
        refill(now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Milliseconds until there is a token; 0 when there is one.
    package mutating func wait(at now: UInt64) -> UInt64 {
        refill(now)
        guard tokens < 1 else { return 0 }
        return UInt64((1 - tokens) * 1000 / Double(Self.perSecond)) + 1
    }

    private mutating func refill(_ now: UInt64) {
        let passed = last.map { now > $0 ? now - $0 : 0 } ?? 0
        last = now
        tokens = min(
            Double(Self.burst),
            tokens + Double(passed) * Double(Self.perSecond) / 1000
        )
    }
}
