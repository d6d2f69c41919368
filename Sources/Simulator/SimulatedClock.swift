import Tally

/// A machine's clocks: a monotonic one that counts since its boot, and a wall clock that may be
/// wrong in every way.
struct SimulatedClock {
    /// Virtual time 0, as a right wall clock says it: 2026-11-02 00:00 UTC.
    static let start = Moment(milliseconds: 1_793_577_600_000)

    private var boot: UInt64
    private var bootedAt: UInt64 = 0
    /// Milliseconds that the wall clock is ahead of the true time at ``since``.
    private var ahead: Int64 = 0
    private var driftPerMillion: Int64 = 0
    private var since: UInt64 = 0
    private var frozen: Moment?
    /// Whether the wall clock was ever anything but right.
    private(set) var wasWrong = false

    init(boot: UInt64) { self.boot = boot }

    /// The monotonic clock: never set and never still, but as fast as its crystal.
    func monotonic(_ now: UInt64) -> UInt64 {
        let count = now - bootedAt
        // From the boot, so that no dice are needed: 80 parts of a million fast or slow at most.
        let pace = Int64(boot % 161) - 80
        return UInt64(Int64(count) + Int64(count) * pace / 1_000_000)
    }

    func reading(_ now: UInt64) -> ClockReading {
        ClockReading(wall: wall(now), boot: boot, monotonicMilliseconds: monotonic(now))
    }

    private func wall(_ now: UInt64) -> Moment {
        if let frozen { return frozen }
        let drift = Int64(now - since) * driftPerMillion / 1_000_000
        return Self.start.adding(milliseconds: Int64(now) + ahead + drift)
    }

    private mutating func settle(_ now: UInt64) {
        ahead = wall(now).milliseconds - Self.start.milliseconds - Int64(now)
        since = now
    }

    mutating func restart(boot: UInt64, now: UInt64) {
        self.boot = boot
        bootedAt = now
        frozen = nil
    }

    /// Starts as machines without a battery clock do.
    mutating func forgetDate(_ now: UInt64) {
        wasWrong = true
        frozen = nil
        since = now
        driftPerMillion = 0
        ahead = -Self.start.milliseconds - Int64(now)
    }

    mutating func jump(_ milliseconds: Int64, now: UInt64) {
        wasWrong = true
        settle(now)
        ahead += milliseconds
    }

    mutating func freeze(_ now: UInt64) { stop(at: wall(now)) }

    mutating func drift(perMillion: Int64, now: UInt64) {
        wasWrong = true
        settle(now)
        driftPerMillion = perMillion
    }

    /// Sets the clock to a time at which it then stands still.
    mutating func stop(at wall: Moment) {
        wasWrong = true
        frozen = wall
    }

    /// Somebody sets the clock right.
    mutating func correct() {
        frozen = nil
        ahead = 0
        driftPerMillion = 0
    }
}
