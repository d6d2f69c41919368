import Dispatch
import Foundation
import Synchronization
import Tally

/// What there is room for on the disk of a data folder, and the ballast that is given back when
/// there is none.
///
/// With a ballast of B bytes:
///
/// | free | there is room for |
/// |---|---|
/// | 4 B and more | everything |
/// | 2 B to 4 B | no photos: they wait at their source |
/// | under 2 B, or the ballast was given back | no views: no copies and caches either |
/// | a record found none, the ballast given back already | nothing: records are refused |
///
/// The ballast is given back when less than B/8 is free or a write found the disk full, and made
/// anew once 5 B are free. A refusal ends with the first record that finds room again.
package final class DiskRoom: RoomGauge {
    private struct State {
        var roomLeft = RoomLeft.all
        var hasBallast = false
        /// The last record was refused.
        var isRefusing = false
    }

    private let folder: String
    private let ballast: String
    private let byteCount: Int
    private let tell: @Sendable (LedgerEvent) -> Void
    private let state = Mutex(State())
    /// Free bytes as a test says; nil for what the disk says.
    package let planned = Mutex<Int?>(nil)

    init(_ folder: DataFolder, _ options: LedgerOptions) {
        self.folder = folder.path
        ballast = folder.path + "/ballast"
        byteCount = options.ballastByteCount
        tell = options.tell
        let isThere = FileIdentity(ballast) != nil
        state.withLock { $0.hasBallast = isThere }
    }

    package var roomLeft: RoomLeft { state.withLock(\.roomLeft) }

    /// Bytes that a program may still write; nil when the disk cannot be asked.
    package var freeByteCount: Int? {
        if let planned = planned.withLock({ $0 }) { return planned }
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    func start() { look() }

    /// Looks at the disk; asked before each commit, so it costs microseconds.
    func look() {
        guard byteCount > 0, let free = freeByteCount else { return }
        if free < byteCount / 8 {
            _ = giveBallast()
        } else if free >= 5 * byteCount {
            makeBallast()
        }
        settle(free: free)
    }

    private func settle(free: Int) {
        change { state in
            if state.isRefusing { return .none }
            if free < 2 * byteCount || !state.hasBallast { return .noViews }
            return free < 4 * byteCount ? .noPhotos : .all
        }
    }

    private func change(_ level: (State) -> RoomLeft) {
        let changed = state.withLock { state -> RoomLeft? in
            let now = level(state)
            guard now != state.roomLeft else { return nil }
            state.roomLeft = now
            return now
        }
        if let changed { tell(.room(changed)) }
    }

    /// Gives the ballast's room back.
    ///
    /// - Returns: whether there was any.
    func giveBallast() -> Bool {
        let had = state.withLock { state in
            defer { state.hasBallast = false }
            return state.hasBallast
        }
        // Best effort: a file that cannot be removed gives no room, and the next write says so.
        return unlink(ballast) == 0 && had
    }

    private func makeBallast() {
        guard !state.withLock(\.hasBallast) else { return }
        let file = open(ballast, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }  // tried again at the next look
        defer { close(file) }
        guard posix_fallocate(file, 0, off_t(byteCount)) == 0 else {
            unlink(ballast)
            return
        }
        state.withLock { $0.hasBallast = true }
    }

    func noteRefusal() {
        state.withLock { $0.isRefusing = true }
        change { _ in .none }
    }

    func noteSuccess() {
        let was = state.withLock { state in
            defer { state.isRefusing = false }
            return state.isRefusing
        }
        guard was else { return }
        if byteCount > 0, let free = freeByteCount {
            settle(free: free)
        } else {
            change { _ in .all }
        }
    }
}
