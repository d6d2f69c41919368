import Foundation
import Glibc
import Tally

/// This machine's clocks.
struct MachineClock: Tally.Clock {
    private let boot: UInt64

    init() throws {
        // A random UUID that the kernel makes at boot; see proc_sys_kernel(5).
        let text = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        let hash = ContentHash(of: Array(text.utf8))
        boot = hash.identifier.high
    }

    func reading() -> ClockReading {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        var monotonic = timespec()
        clock_gettime(CLOCK_BOOTTIME, &monotonic)
        return ClockReading(
            wall: Moment(milliseconds: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000),
            boot: boot,
            monotonicMilliseconds: UInt64(monotonic.tv_sec) * 1000
                + UInt64(monotonic.tv_nsec) / 1_000_000
        )
    }
}

/// The operating system's dice, for everything that must not be guessed.
struct SystemDice: Dice {
    private var generator = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 { generator.next() }
}
