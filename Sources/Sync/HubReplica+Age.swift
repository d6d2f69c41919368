import Tally

// When a terminal was last seen counts in the hub's running time: what its wall clock says may be
// years off, and then a terminal that is there would be taken for one that is away for good.

extension HubReplica {
    /// Running time is written down in steps of this, so that not every push writes it.
    private static let ageStepMilliseconds: UInt64 = 60_000
    /// The most that passes between two looks at the clock: a hub that was off, or was restored,
    /// has not heard what it could have heard.
    private static let ageStepMillisecondsMax: UInt64 = 60 * 60 * 1000

    /// When a terminal last pushed.
    struct Sighting {
        /// By the hub's wall clock, whatever that is worth.
        let wall: Moment
        /// In the hub's running time; nil from a program that did not count it.
        let age: UInt64?
    }

    static func sighting(
        of replica: Identifier,
        in reading: any ReplicaReading
    ) throws -> Sighting? {
        guard let bytes = try reading.setting(Setting.sighting(replica)) else { return nil }
        var decoder = CanonicalDecoder(bytes)
        let wall = Moment(milliseconds: Int64(clamping: try decoder.integer()))
        return Sighting(wall: wall, age: decoder.isAtEnd ? nil : try decoder.integer())
    }

    /// A terminal pushes now.
    static func noteSeen(
        _ replica: Identifier,
        _ reading: ClockReading,
        in transaction: any ReplicaTransaction
    ) throws {
        var encoder = CanonicalEncoder()
        encoder.write(UInt64(clamping: reading.wall.milliseconds))
        encoder.write(try age(at: reading, in: transaction))
        try transaction.set(Setting.sighting(replica), to: encoder.bytes)
    }

    /// How long the hub has run by now, over all its boots, in milliseconds.
    ///
    /// Only what the monotonic clock counts within one boot is added up, so it never goes back and
    /// never jumps.
    private static func age(
        at reading: ClockReading,
        in transaction: any ReplicaTransaction
    ) throws -> UInt64 {
        var age: UInt64 = 0
        if let bytes = try transaction.setting(Setting.age) {
            var decoder = CanonicalDecoder(bytes)
            age = try decoder.integer()
            let (boot, monotonic) = (try decoder.integer(), try decoder.integer())
            if boot == reading.boot {
                guard reading.monotonicMilliseconds >= monotonic + ageStepMilliseconds else {
                    return age
                }
                let passed = reading.monotonicMilliseconds - monotonic
                age += min(passed, ageStepMillisecondsMax)
            }
        }
        var encoder = CanonicalEncoder()
        encoder.write(age)
        encoder.write(reading.boot)
        encoder.write(reading.monotonicMilliseconds)
        try transaction.set(Setting.age, to: encoder.bytes)
        return age
    }
}
