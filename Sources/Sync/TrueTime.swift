import Tally

/// When something happened, as far as the clocks allow to say.
///
/// A wrong clock is clamped and flagged, never a reason to refuse.
enum TrueTime {
    /// How far ahead of the hub a terminal's clock may run before it is clamped.
    static let aheadMillisecondsMax: Int64 = 120_000

    /// No operation was made before this program existed: 2025-01-01 UTC.
    ///
    /// A terminal without a battery clock boots long before it.
    static let earliest = Moment(milliseconds: 1_735_689_600_000)

    static func isImpossible(_ wall: Moment) -> Bool { wall < earliest }

    /// A time that is known less closely than this is unsure.
    static let surelyWithin: UInt32 = 2_000

    /// The moment and stamp that the hub gives an operation which reaches it at `now`.
    ///
    /// - Parameters:
    ///   - operation: what was recorded.
    ///   - now: the hub's clock.
    ///   - derived: when it was recorded, as its terminal derives it from its monotonic clock; nil
    ///     where it cannot. Then the wall clock's word is taken where it is possible, as unsure.
    /// - Returns: the moment, its stamp, and whether the moment is unsure.
    static func effective(
        of operation: Operation,
        now: Moment,
        derived: DerivedTime?
    ) -> (moment: Moment, stamp: HybridStamp, unsure: Bool) {
        let latest = now.adding(milliseconds: aheadMillisecondsMax)
        var stamp = operation.stamp
        var moment = operation.reading.wall
        var unsure = true
        if let derived, !isImpossible(derived.moment), derived.moment <= latest {
            unsure = derived.within > surelyWithin
            // One that booted in 1970 stands behind all others' edits of years.
            if isImpossible(moment) { stamp = max(stamp, HybridStamp(derived.moment)) }
            moment = derived.moment
        } else if isImpossible(moment) || moment > latest {
            moment = now
        }
        return (moment, min(stamp, HybridStamp(latest)), unsure)
    }
}
