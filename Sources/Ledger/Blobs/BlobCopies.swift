import Dispatch
import Foundation
import Sync
import Tally

/// What looking at a folder of blobs, or copying it, found.
public struct BlobReport: Hashable, Sendable {
    /// Blobs that are whole.
    public internal(set) var count = 0
    public internal(set) var byteCount = 0
    /// Of these, those that the copy did not have.
    public internal(set) var newCount = 0
    /// Blobs that are not what their names say.
    public internal(set) var damaged: [ContentHash] = []
    /// Blobs that were here whole, and of which bytes are gone.
    public internal(set) var missing: [ContentHash] = []

    public init() {}

    public var isSound: Bool { damaged.isEmpty && missing.isEmpty }
}

/// Copies of a folder of blobs, and checks of all that is in one.
///
/// A copy is a folder like the one that it was made of. What it has already is not copied again,
/// and nothing is taken out of it, so a copy may hold what the terminal has let go since.
public enum BlobCopies {
    /// How a content comes into a copy.
    public enum Way: Sendable {
        /// By a second name of the same file where the disk can, else byte by byte.
        case link
        /// Byte by byte, so that what happens to one does not happen to the other.
        case copy
    }

    /// Where the blobs of a backup lie, beside its file.
    public static func folder(besideBackup path: String) -> String { path + ".blobs" }

    /// Checks every blob that is said to be whole against its name.
    ///
    /// - Parameter path: a folder of blobs, in which a daemon may be at work; none is an empty one.
    /// - Returns: what is whole, damaged and missing.
    /// - Throws: ``LedgerError`` when the folder cannot be read.
    public static func check(_ path: String) throws -> BlobReport {
        var report = BlobReport()
        for entry in try entries(of: path) {
            _ = try content(of: entry, in: path, &report)
        }
        return report
    }

    /// Brings the blobs of a folder into another, each checked against its name first.
    ///
    /// - Parameters:
    ///   - source: a folder of blobs, in which a daemon may be at work; none is an empty one.
    ///   - target: made where there is anything to bring.
    ///   - way: how.
    /// - Returns: what was brought or was there, and what could not be since it is damaged or
    ///   missing.
    /// - Throws: ``LedgerError``; what was brought before is whole.
    public static func bring(
        _ source: String,
        into target: String,
        by way: Way
    ) throws -> BlobReport {
        var report = BlobReport()
        let entries = try entries(of: source)
        if entries.isEmpty { return report }
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try FileManager.default.createDirectory(
            atPath: target,
            withIntermediateDirectories: true,
            attributes: attributes
        )
        let there = Set(try self.entries(of: target).map(\.manifest.id))
        let copy = BlobFolder(target)
        for entry in entries {
            let id = entry.manifest.id
            if there.contains(id), try copy.length(of: id) == entry.manifest.length {
                report.count += 1
                report.byteCount += entry.manifest.length
                continue
            }
            guard let bytes = try content(of: entry, in: source, &report) else { continue }
            try copy.remove(id)
            let isLinked = try way == .link && link(id, from: source, to: target)
            if !isLinked { try copy.write(bytes, to: id, at: 0) }
            try copy.sync(id)
            try copy.keep(entry)
            report.newCount += 1
        }
        return report
    }

    /// What is said to be whole; a folder that is not there has nothing.
    private static func entries(of path: String) throws -> [BlobEntry] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try BlobFolder(path).whole()
    }

    /// The content of a blob when it is what its name says; counted in the report.
    private static func content(
        of entry: BlobEntry,
        in path: String,
        _ report: inout BlobReport
    ) throws -> [UInt8]? {
        let (id, length) = (entry.manifest.id, entry.manifest.length)
        let folder = BlobFolder(path)
        let bytes = try folder.read(id, at: 0, count: length)
        if bytes.count == length, ContentHash(of: bytes) == id {
            report.count += 1
            report.byteCount += length
            return bytes
        }
        // Let go by the daemon in the meantime.
        if try folder.isGone(id) { return nil }
        if bytes.count < length { report.missing.append(id) } else { report.damaged.append(id) }
        return nil
    }

    private static func link(
        _ id: ContentHash,
        from source: String,
        to target: String
    ) throws -> Bool {
        let digits = id.bytes.hexadecimal
        let folder = "\(target)/\(digits.prefix(2))"
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw LedgerError.system(folder) }
        let name = "\(digits.prefix(2))/\(digits).blob"
        // Another disk, or one without second names: then it is copied.
        return Foundation.link("\(source)/\(name)", "\(target)/\(name)") == 0
    }
}

extension LedgerStore {
    /// Where this store's blobs lie.
    public var blobs: String { folder.blobs }

    /// Brings the photos that a backup does not have yet into the folder beside it.
    ///
    /// - Parameter path: the backup's file.
    /// - Returns: what the backup has of photos now, and which could not be copied.
    /// - Throws: ``LedgerError``.
    public func backUpBlobs(besideBackup path: String) throws -> BlobReport {
        let target = BlobCopies.folder(besideBackup: path)
        return try BlobCopies.bring(blobs, into: target, by: .link)
    }

    /// As ``backUpBlobs(besideBackup:)``, on a thread of its own: no thread of Swift's pool waits.
    public func backupBlobs(besideBackup path: String) async throws -> BlobReport {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { [self] in
                continuation.resume(with: Result { try backUpBlobs(besideBackup: path) })
            }
        }
    }
}
