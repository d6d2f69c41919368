import Foundation
import Tally

/// The machine's clock on the wall.
public enum LocalClock {
    /// How many seconds it is ahead of UTC at a moment.
    @Sendable public static func utcOffset(_ moment: Moment) -> Int {
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        return TimeZone.current.secondsFromGMT(for: date)
    }
}
