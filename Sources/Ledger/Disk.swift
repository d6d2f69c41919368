import Foundation
import Tally

/// A file that is written at places and brought to the disk.
package protocol DiskFile: AnyObject, Sendable {
    /// Writes all of `bytes` from `offset` on.
    func write(_ bytes: [UInt8], at offset: Int) throws(LedgerError)
    /// Waits until the disk has what was written (fdatasync(2)).
    func sync() throws(LedgerError)
    /// Whether the file is still the one that its name leads to.
    func isInPlace() -> Bool
}

/// The few things that this room asks of files beside SQLite's own; tests put one in its place that
/// loses what was not synced.
package protocol Disk: Sendable {
    /// Makes a file that only its owner may read, empty also when it was there.
    func create(_ path: String) throws(LedgerError) -> any DiskFile
    /// Opens a file that is there, to write on.
    func open(_ path: String) throws(LedgerError) -> any DiskFile
    func rename(_ path: String, to target: String) throws(LedgerError)
    func remove(_ path: String) throws(LedgerError)
    /// Brings the names in a folder to the disk.
    func syncFolder(_ path: String) throws(LedgerError)
}

extension Disk where Self == SystemDisk {
    /// The operating system's.
    package static var system: SystemDisk { SystemDisk() }
}

/// The operating system's files.
package struct SystemDisk: Disk {
    package init() {}

    package func create(_ path: String) throws(LedgerError) -> any DiskFile {
        try SystemFile(path, flags: O_RDWR | O_CREAT | O_TRUNC)
    }

    package func open(_ path: String) throws(LedgerError) -> any DiskFile {
        try SystemFile(path, flags: O_RDWR)
    }

    package func rename(_ path: String, to target: String) throws(LedgerError) {
        guard Glibc.rename(path, target) == 0 else { throw .system(target) }
    }

    package func remove(_ path: String) throws(LedgerError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .system(path) }
    }

    package func syncFolder(_ path: String) throws(LedgerError) {
        let folder = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw .system(path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .system(path) }
    }
}

/// A file behind a descriptor.
private final class SystemFile: DiskFile {
    private let path: String
    private let descriptor: CInt

    init(_ path: String, flags: CInt) throws(LedgerError) {
        self.path = path
        descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8], at offset: Int) throws(LedgerError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(
                    descriptor,
                    buffer.baseAddress.map { $0 + done },
                    bytes.count - done,
                    off_t(offset + done)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(path) }
            done += count
        }
    }

    func sync() throws(LedgerError) {
        guard fdatasync(descriptor) == 0 else { throw .system(path) }
    }

    func isInPlace() -> Bool {
        guard let mine = FileIdentity(descriptor) else { return false }
        return mine == FileIdentity(path)
    }
}

/// Which file a name leads to.
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let node: UInt64

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init?(_ descriptor: CInt) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
    }
}

extension LedgerError {
    /// What the operating system said last about a file.
    static func system(_ path: String) -> LedgerError {
        switch errno {
        // A limit on a file's size, or a quota, is room that is not there either.
        case ENOSPC, EDQUOT, EFBIG: .diskFull(path)
        default: .failed(path, detail: String(cString: strerror(errno)))
        }
    }
}
