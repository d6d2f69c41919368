import Tally

/// When something happened, derived from a monotonic clock whose offset is known.
public struct DerivedTime: Hashable, Sendable {
    public let moment: Moment
    /// The true moment is no further away than this, in milliseconds; at least 1.
    public let within: UInt32

    public init(_ moment: Moment, within: UInt32) {
        self.moment = moment
        self.within = max(within, 1)
    }
}

/// What a terminal knows of its monotonic clock: how far it is from the hub's time, in each boot.
///
/// The hub's clock was read somewhere between sending a request and receiving its answer; that
/// bounds the offset between both clocks from below and above, whatever the way took (Marzullo
/// 1984; NTPv4, RFC 5905 §10). Away from where it was measured a bound widens with the drift that a
/// crystal may have. What several measurements allow is what each of them allows.
public struct ClockFixes: Hashable, Sendable {
    /// How fast two crystals may part.
    static let driftPerMillion: UInt64 = 100
    /// A measurement is made anew after so many milliseconds, when there is something to send.
    static let restMilliseconds: UInt64 = 600_000
    /// The most measurements that are kept, of all boots.
    package static let countMax = 24

    /// Clocks that count further than this say nothing: some 35,000 years.
    private static let millisecondsMax: UInt64 = 1 << 50

    /// One measurement: true time less monotonic time, in milliseconds.
    package struct Fix: Hashable, Sendable {
        let boot: UInt64
        /// The monotonic clock then.
        let monotonic: UInt64
        let least: Int64
        let most: Int64

        /// The bounds at another reading of the same boot.
        func bounds(at other: UInt64) -> ClosedRange<Int64> {
            let distance = other > monotonic ? other - monotonic : monotonic - other
            let (steps, rest) = distance.quotientAndRemainder(dividingBy: 1_000_000)
            let drift = Int64(
                clamping: steps * driftPerMillion + rest * driftPerMillion / 1_000_000
            )
            return least - drift...most + drift
        }
    }

    private static let setting = SettingKey("clock.fixes")

    /// The oldest first.
    package private(set) var fixes: [Fix] = []
    /// When the hub was last asked; not by every answer there is something to learn.
    private var asked: (boot: UInt64, monotonic: UInt64)?

    package init() {}

    public static func == (one: ClockFixes, other: ClockFixes) -> Bool {
        one.fixes == other.fixes && one.asked?.boot == other.asked?.boot
            && one.asked?.monotonic == other.asked?.monotonic
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(fixes) }

    /// Whether the hub is to be asked for the time before more is sent.
    package func isStale(at reading: ClockReading) -> Bool {
        guard let asked, asked.boot == reading.boot else { return true }
        return reading.monotonicMilliseconds >= asked.monotonic + Self.restMilliseconds
    }

    /// Takes what the hub's clock said between two readings of this machine's.
    ///
    /// - Parameters:
    ///   - hub: the hub's time; nil from a hub that does not say.
    ///   - sent: the monotonic clock when the request was made, in the same boot.
    ///   - reading: the clocks now.
    package mutating func note(hub: Moment?, sent: UInt64, reading: ClockReading) {
        let received = reading.monotonicMilliseconds
        guard sent <= received, received <= Self.millisecondsMax else { return }
        asked = (reading.boot, received)
        guard let hub, abs(hub.milliseconds) <= Int64(Self.millisecondsMax) else { return }
        let fix = Fix(
            boot: reading.boot,
            monotonic: received,
            // Clocks cut off what is less than a millisecond.
            least: hub.milliseconds - Int64(received) - 1,
            most: hub.milliseconds - Int64(sent) + 1
        )
        if let last = fixes.last, last.boot == fix.boot,
            received - last.monotonic < Self.restMilliseconds
        {
            let bounds = last.bounds(at: received)
            guard bounds.overlaps(fix.least...fix.most) else {
                // Somebody has set the hub's clock: what was measured before is of another time.
                fixes.removeAll { $0.boot == fix.boot }
                return fixes.append(fix)
            }
            guard fix.most - fix.least < bounds.upperBound - bounds.lowerBound else { return }
            // The first of a series stays, for what was recorded before it.
            if fixes.dropLast().last?.boot == fix.boot { fixes.removeLast() }
        }
        fixes.append(fix)
        if fixes.count > Self.countMax { fixes.removeFirst(fixes.count - Self.countMax) }
    }

    /// When a reading was taken; nil when nothing is known of its boot.
    public func time(of reading: ClockReading) -> DerivedTime? {
        let monotonic = reading.monotonicMilliseconds
        guard monotonic <= Self.millisecondsMax else { return nil }
        // From the nearest one on: where two do not agree, it is the one to believe.
        let nearest =
            fixes.filter { $0.boot == reading.boot }
            .sorted { Self.distance($0, monotonic) < Self.distance($1, monotonic) }
        guard var bounds = nearest.first?.bounds(at: monotonic) else { return nil }
        for fix in nearest.dropFirst() {
            let other = fix.bounds(at: monotonic)
            guard bounds.overlaps(other) else { break }
            bounds = bounds.clamped(to: other)
        }
        let width = bounds.upperBound - bounds.lowerBound
        return DerivedTime(
            Moment(milliseconds: bounds.lowerBound + width / 2 + Int64(monotonic)),
            within: UInt32(clamping: width - width / 2)
        )
    }

    private static func distance(_ fix: Fix, _ monotonic: UInt64) -> UInt64 {
        fix.monotonic > monotonic ? fix.monotonic - monotonic : monotonic - fix.monotonic
    }

    // MARK: - In the store

    /// What time it is, as well as a terminal can say.
    ///
    /// Derived from the hub's time where this boot knows it. Else it is what the wall clock says,
    /// unless that is impossible: then it is as late as anything that the terminal has seen.
    ///
    /// - Parameters:
    ///   - reading: the clocks now.
    ///   - store: the terminal's.
    /// - Returns: the time.
    /// - Throws: what the store throws.
    public static func now(
        _ reading: ClockReading,
        in store: any ReplicaReading
    ) throws -> Moment {
        if let time = try of(store).time(of: reading), time.within <= 60_000 { return time.moment }
        guard TrueTime.isImpossible(reading.wall) else { return reading.wall }
        let latest = HybridStamp(bits: try store.integer(Setting.stamp) ?? 0)
        return max(reading.wall, Moment(milliseconds: Int64(latest.bits >> 16)))
    }

    /// What a terminal's store holds of it; nothing when it cannot be read.
    static func of(_ reading: any ReplicaReading) throws -> ClockFixes {
        guard let bytes = try reading.setting(setting) else { return ClockFixes() }
        return (try? ClockFixes(bytes: bytes)) ?? ClockFixes()  // measured anew with the next push
    }

    package func keep(in transaction: any ReplicaTransaction) throws {
        try transaction.set(Self.setting, to: bytes)
    }

    private init(bytes: [UInt8]) throws {
        var decoder = CanonicalDecoder(bytes)
        fixes = try decoder.list { decoder throws(CanonicalError) in
            let boot = try decoder.integer()
            let monotonic = try decoder.integer()
            let least = try decoder.signed()
            let most = try decoder.signed()
            guard least <= most, abs(max(least, -.max)) <= 1 << 52, abs(max(most, -.max)) <= 1 << 52
            else { throw .unknownCase(boot) }
            return Fix(boot: boot, monotonic: monotonic, least: least, most: most)
        }
        if try decoder.boolean() { asked = (try decoder.integer(), try decoder.integer()) }
        try decoder.finish()
    }

    private var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.write(fixes) { encoder, fix in
            encoder.write(fix.boot)
            encoder.write(fix.monotonic)
            encoder.write(fix.least)
            encoder.write(fix.most)
        }
        encoder.write(asked != nil)
        if let asked {
            encoder.write(asked.boot)
            encoder.write(asked.monotonic)
        }
        return encoder.bytes
    }
}
