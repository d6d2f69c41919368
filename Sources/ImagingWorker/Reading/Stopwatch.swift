import Glibc

/// The time that a picture may take: the child's own processor time, which other programs' work
/// does not change.
struct Stopwatch {
    private let start: Int
    private let limit: Int

    init(milliseconds: Int) {
        start = Self.now
        limit = milliseconds * 1000
    }

    /// The same, but over after so much of this one.
    func cut(toMilliseconds limit: Int) -> Stopwatch {
        Stopwatch(start: start, limit: min(self.limit, limit * 1000))
    }

    private init(start: Int, limit: Int) {
        self.start = start
        self.limit = limit
    }

    var microseconds: Int { Self.now - start }

    var isOver: Bool { microseconds > limit }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
