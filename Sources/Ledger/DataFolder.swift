import Foundation

/// The folder in which a daemon keeps everything, owned by one process at a time.
///
/// ```
/// DIR/lock              held with flock(2) while the owner lives
/// DIR/tallyman.sqlite   the database, and beside it -wal and -shm
/// DIR/replica           whose folder a hub's is, should its database be lost
/// DIR/control.sock      where the commands reach the daemon
/// DIR/blobs/            photos and drawings, by their SHA-256
/// ```
///
/// The kernel drops the lock when the owner dies, however it dies, so a stale lock cannot be.
public final class DataFolder: Sendable {
    public let path: String
    private let lock: CInt

    public var database: String { path + "/tallyman.sqlite" }
    public var controlSocket: String { path + "/control.sock" }
    public var blobs: String { Self.blobs(of: path) }

    /// Where the blobs of a data folder lie.
    public static func blobs(of path: String) -> String { path + "/blobs" }

    /// Makes the folder (mode 0700) where it is missing and takes it for this process.
    ///
    /// - Parameter path: the folder; relative paths are taken from the working directory.
    /// - Throws: ``LedgerError/folderInUse(_:)`` when another process, or another value of this
    ///   one, owns it; ``LedgerError/folderUnusable(_:detail:)`` when it cannot be made.
    public init(_ path: String) throws(LedgerError) {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        self.path = path
        try Self.make(path)
        // Close-on-exec: a child process must not keep the lock of a daemon that died.
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.unusable(path) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let inUse = errno == EWOULDBLOCK
            let error = inUse ? LedgerError.folderInUse(path) : Self.unusable(path)
            close(lock)
            throw error
        }
        self.lock = lock
        // Should this throw, everything is set already and `deinit` closes the lock.
        try Self.make(path + "/blobs")
    }

    deinit { close(lock) }

    private static func make(_ path: String) throws(LedgerError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .folderUnusable(path, detail: error.localizedDescription)
        }
    }

    private static func unusable(_ path: String) -> LedgerError {
        .folderUnusable(path, detail: String(cString: strerror(errno)))
    }
}
