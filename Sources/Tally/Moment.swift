import Foundation

/// A point in time: milliseconds UTC since 1970-01-01 (DESIGN §9, Quantity).
public struct Moment: Hashable, Comparable, Sendable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (one: Moment, other: Moment) -> Bool {
        one.milliseconds < other.milliseconds
    }

    /// The moment `milliseconds` later; stays at the end of the range instead of overflowing.
    public func adding(milliseconds more: Int64) -> Moment {
        let (sum, overflow) = milliseconds.addingReportingOverflow(more)
        if overflow { return Moment(milliseconds: more > 0 ? .max : .min) }
        return Moment(milliseconds: sum)
    }
}

extension Moment: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds: `2026-11-21T08:00:00.000Z`.
    public var description: String {
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
        return date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

/// What a terminal's clocks said when something was recorded.
///
/// The wall clock may be wrong (no battery, 1970, set by hand); the monotonic clock counts within
/// one boot, so that true times can be derived once the wall clock of that boot is known.
public struct ClockReading: Hashable, Sendable {
    /// The wall clock, right or wrong.
    public var wall: Moment
    /// Names the boot in which `monotonicMilliseconds` counts; random per boot.
    public var boot: UInt64
    /// Milliseconds since that boot.
    public var monotonicMilliseconds: UInt64

    public init(wall: Moment, boot: UInt64, monotonicMilliseconds: UInt64) {
        self.wall = wall
        self.boot = boot
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}
