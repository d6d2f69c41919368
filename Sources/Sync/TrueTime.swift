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

    /// The moment and stamp that the hub gives an operation which reaches it at `now`.
    static func effective(
        of operation: Operation,
        now: Moment
    ) -> (moment: Moment, stamp: HybridStamp, unsure: Bool) {
        let latest = now.adding(milliseconds: aheadMillisecondsMax)
        let wall = operation.reading.wall
        let wrong = isImpossible(wall) || wall > latest
        return (
            moment: wrong ? now : wall,
            stamp: min(operation.stamp, HybridStamp(latest)),
            unsure: wrong
        )
    }
}
