import Foundation
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

    package init(_ reading: ClockReading, times: [DerivedTime?]) {
        sending = Sending(boot: reading.boot, monotonic: reading.monotonicMilliseconds)
        self.times = times
    }

    init?(_ wire: Tallyman_Sync_V1_PushRequest, operationCount: Int) throws {
        guard wire.hasSent else { return nil }
        sending = Sending(boot: wire.boot, monotonic: wire.sent)
        if !wire.packed.isEmpty {
            guard let times = Self.unpack(Array(wire.packedTimes), count: operationCount) else {
                throw SyncRefusal.malformed
            }
            self.times = times
            return
        }
        guard wire.times.count == operationCount else { throw SyncRefusal.malformed }
        times = wire.times.map { time in
            let moment = Moment(milliseconds: time.milliseconds)
            return time.within == 0 ? nil : DerivedTime(moment, within: time.within)
        }
    }

    func fill(_ wire: inout Tallyman_Sync_V1_PushRequest, isPacked: Bool) {
        wire.boot = sending.boot
        wire.sent = sending.monotonic
        guard !isPacked else {
            wire.packedTimes = Data(Self.pack(times))
            return
        }
        wire.times = times.map { time in
            var item = Tallyman_Sync_V1_PushRequest.Time()
            item.milliseconds = time?.moment.milliseconds ?? 0
            item.within = time?.within ?? 0
            return item
        }
    }

    /// Times as differences: each pair says how much later than the one before, and how much less
    /// sure.
    private static func pack(_ times: [DerivedTime?]) -> [UInt8] {
        var wire = WireBytes(capacity: 5 * times.count)
        var last: (milliseconds: Int64, within: Int64) = (0, 0)
        for time in times {
            let next = (time?.moment.milliseconds ?? 0, Int64(time?.within ?? 0))
            wire.zigzag(next.0 &- last.milliseconds)
            wire.zigzag(next.1 - last.within)
            last = next
        }
        return wire.bytes
    }

    private static func unpack(_ bytes: [UInt8], count: Int) -> [DerivedTime?]? {
        var cursor = WireCursor(bytes)
        var times: [DerivedTime?] = []
        var last: (milliseconds: Int64, within: Int64) = (0, 0)
        for _ in 0..<count {
            guard let later = cursor.zigzag(), let wider = cursor.zigzag() else { return nil }
            last = (last.milliseconds &+ later, last.within &+ wider)
            guard let within = UInt32(exactly: last.within) else { return nil }
            let moment = Moment(milliseconds: last.milliseconds)
            times.append(within == 0 ? nil : DerivedTime(moment, within: within))
        }
        return cursor.isAtEnd ? times : nil
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
