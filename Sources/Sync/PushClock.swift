import Tally

/// What a terminal's clock says to the hub with a batch.
public struct PushClock: Hashable, Sendable {
    /// A reading of the monotonic clock: the boot in which it counts, and milliseconds.
    public struct Sending: Hashable, Sendable {
        public let boot: UInt64
        public let monotonic: UInt64
    }

    public let sending: Sending
    /// For each operation of the batch, in its order, when it was recorded; nil where nobody knows.
    public let times: [DerivedTime?]

    init(_ reading: ClockReading, times: [DerivedTime?]) {
        sending = Sending(boot: reading.boot, monotonic: reading.monotonicMilliseconds)
        self.times = times
    }

    init?(_ wire: Tallyman_Sync_V1_PushRequest) throws {
        guard wire.hasSent else { return nil }
        guard wire.times.count == wire.operations.count else { throw SyncRefusal.malformed }
        sending = Sending(boot: wire.boot, monotonic: wire.sent)
        times = wire.times.map { time in
            let moment = Moment(milliseconds: time.milliseconds)
            return time.within == 0 ? nil : DerivedTime(moment, within: time.within)
        }
    }

    func fill(_ wire: inout Tallyman_Sync_V1_PushRequest) {
        wire.boot = sending.boot
        wire.sent = sending.monotonic
        wire.times = times.map { time in
            var item = Tallyman_Sync_V1_PushRequest.Time()
            item.milliseconds = time?.moment.milliseconds ?? 0
            item.within = time?.within ?? 0
            return item
        }
    }

    /// Adds it to what is signed.
    func write(to encoder: inout CanonicalEncoder) {
        encoder.write(sending.boot)
        encoder.write(sending.monotonic)
        encoder.write(times) { encoder, time in
            encoder.write(time?.moment.milliseconds ?? 0)
            encoder.write(UInt64(time?.within ?? 0))
        }
    }
}
