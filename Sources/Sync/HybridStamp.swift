import Tally

/// A reading of the hybrid logical clock: milliseconds UTC in the upper 48 bits, a counter in the
/// lower 16.
///
/// The clock is that of Kulkarni, Demirbas and others (2014). It only breaks ties between
/// concurrent edits; the hub's order is the authority for everything else. A clock that is wrong is
/// clamped and flagged, never a reason to refuse.
public struct HybridStamp: Hashable, Comparable, Sendable {
    public let bits: UInt64

    public init(bits: UInt64) { self.bits = bits }

    /// The first stamp of a millisecond; moments before 1970 or after year 10889 are clamped.
    public init(_ moment: Moment) {
        let milliseconds = min(max(moment.milliseconds, 0), 1 << 48 - 1)
        bits = UInt64(milliseconds) << 16
    }

    public static func < (one: HybridStamp, other: HybridStamp) -> Bool { one.bits < other.bits }

    /// The next stamp of a replica whose last one was this: later than it, and not before `wall`.
    ///
    /// A counter that overflows runs into the next millisecond, so stamps go on rising when the
    /// wall clock freezes or jumps back. At the very end of the range the stamp stays.
    public func next(wall: Moment) -> HybridStamp {
        let (following, overflow) = bits.addingReportingOverflow(1)
        return max(HybridStamp(wall), HybridStamp(bits: overflow ? bits : following))
    }
}
