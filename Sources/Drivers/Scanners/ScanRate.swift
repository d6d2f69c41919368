/// How many scans a device may make: a bucket of tokens, refilled over time.
///
/// A person scans at most a few times a second; what is far above that is a scanner gone mad, and
/// is not heard until it has been silent for a second, so that nothing it says has effects.
package struct ScanRate: Sendable {
    package static let burst = 20
    package static let perSecond = 10
    /// Silence after which a device that was too fast is heard again.
    package static let silenceMilliseconds: UInt64 = 1000

    private var tokens = Double(Self.burst)
    private var last: UInt64?
    private var isMuted = false

    package init() {}

    /// Takes a token; false when there is none.
    package mutating func take(at now: UInt64) -> Bool {
        let silence = last.map { now > $0 ? now - $0 : 0 } ?? 0
        refill(now)
        if isMuted, silence < Self.silenceMilliseconds { return false }
        isMuted = tokens < 1
        if isMuted { return false }
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
