import Foundation
import Sync
import Tally

/// Blobs as files in a folder.
///
/// ```
/// DIR/ab/ab12….blob    the content, or as much of it as has come
/// DIR/ab/ab12….about   what is known of it: a version byte, marks, ordinal, epoch, manifest
/// ```
///
/// `ab` are the first two digits of the SHA-256. An `.about` file is written beside its place,
/// synced and renamed into it, and then the folder is synced: it is there whole or not at all. A
/// content without one is a leftover of a crash and is overwritten when its blob comes.
public final class BlobFolder: BlobStore {
    private static let version: UInt64 = 1

    private let path: String
    /// The content that was last written to; consecutive pieces of a blob share it.
    private var open: (id: ContentHash, file: CInt)?

    /// - Parameter path: the folder, which exists; owned by this value alone.
    public init(_ path: String) { self.path = path }

    deinit { closeFile() }

    public func entries() throws -> [BlobEntry] {
        try kept(removingDrafts: true).map { entry in
            var entry = entry
            // Bytes that are gone have to come again.
            if entry.isComplete, try length(of: entry.manifest.id) != entry.manifest.length {
                entry.isComplete = false
            }
            return entry
        }
    }

    /// What is said to be whole, with nothing changed: a daemon may be at work here.
    func whole() throws -> [BlobEntry] {
        try kept(removingDrafts: false).filter(\.isComplete)
    }

    /// Nothing is known of a blob here any more.
    func isGone(_ id: ContentHash) throws -> Bool {
        !FileManager.default.fileExists(atPath: try name(of: id) + ".about")
    }

    private func kept(removingDrafts: Bool) throws -> [BlobEntry] {
        let manager = FileManager.default
        var entries: [BlobEntry] = []
        for folder in try manager.contentsOfDirectory(atPath: path).sorted() {
            guard folder.count == 2, [UInt8](hexadecimal: folder) != nil else { continue }
            for name in try manager.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted() {
                let file = "\(path)/\(folder)/\(name)"
                if name.hasSuffix(".about") {
                    // What a failing disk made unreadable is as if the blob had never come here;
                    // the file stays for a person.
                    guard let entry = try? Self.read(file) else { continue }
                    entries.append(entry)
                } else if removingDrafts, name.hasSuffix(".new") {
                    try manager.removeItem(atPath: file)
                }
            }
        }
        return entries.sorted { $0.ordinal < $1.ordinal }
    }

    public func keep(_ entry: BlobEntry) throws {
        var encoder = CanonicalEncoder()
        encoder.write(Self.version)
        encoder.write(entry.isOwn)
        encoder.write(entry.isComplete)
        encoder.write(entry.ordinal)
        encoder.write(entry.heldEpoch ?? 0)
        encoder.write(try entry.manifest.bytes())
        let name = try name(of: entry.manifest.id, makingFolder: true)
        try Self.replace("\(name).about", with: encoder.bytes)
    }

    public func remove(_ id: ContentHash) throws {
        closeFile()
        let name = try name(of: id)
        for file in ["\(name).about", "\(name).blob"] where unlink(file) != 0 && errno != ENOENT {
            throw Self.failure(file)
        }
        try Self.syncFolder(of: name)
    }

    public func length(of id: ContentHash) throws -> Int {
        var about = stat()
        let file = try name(of: id) + ".blob"
        if stat(file, &about) == 0 { return Int(about.st_size) }
        guard errno == ENOENT else { throw Self.failure(file) }
        return 0
    }

    public func write(_ bytes: [UInt8], to id: ContentHash, at offset: Int) throws {
        let file = try opened(id)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(
                    file,
                    buffer.baseAddress.map { $0 + written },
                    bytes.count - written,
                    off_t(offset + written)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(try name(of: id)) }
            written += count
        }
    }

    public func truncate(_ id: ContentHash, to length: Int) throws {
        guard try self.length(of: id) > length else { return }
        guard ftruncate(try opened(id), off_t(length)) == 0 else {
            throw Self.failure(try name(of: id))
        }
    }

    public func read(_ id: ContentHash, at offset: Int, count: Int) throws -> [UInt8] {
        let name = try name(of: id) + ".blob"
        let file = Foundation.open(name, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw Self.failure(name)
        }
        defer { close(file) }
        let count = min(count, max(try length(of: id) - offset, 0))
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    file,
                    buffer.baseAddress.map { $0 + filled },
                    count - filled,
                    off_t(offset + filled)
                )
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { return }
                filled += got
            }
        }
        if failed { throw Self.failure(name) }
        return bytes
    }

    public func sync(_ id: ContentHash) throws {
        guard fdatasync(try opened(id)) == 0 else { throw Self.failure(try name(of: id)) }
        try Self.syncFolder(of: try name(of: id))
    }

    // MARK: - Files

    private func name(of id: ContentHash, makingFolder: Bool = false) throws -> String {
        let digits = id.bytes.hexadecimal
        let folder = "\(path)/\(digits.prefix(2))"
        if makingFolder, mkdir(folder, 0o700) != 0, errno != EEXIST { throw Self.failure(folder) }
        return "\(folder)/\(digits)"
    }

    private func opened(_ id: ContentHash) throws -> CInt {
        if let open, open.id == id { return open.file }
        closeFile()
        let name = try name(of: id, makingFolder: true) + ".blob"
        let file = Foundation.open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure(name) }
        open = (id, file)
        return file
    }

    private func closeFile() {
        if let open { close(open.file) }
        open = nil
    }

    private static func read(_ file: String) throws -> BlobEntry {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        var decoder = CanonicalDecoder(bytes)
        guard try decoder.integer() == version else {
            throw LedgerError.failed(file, detail: "made by a newer version")
        }
        let isOwn = try decoder.boolean()
        let isComplete = try decoder.boolean()
        let ordinal = try decoder.integer()
        let epoch = try decoder.integer()
        let manifest = try BlobManifest(bytes: try decoder.byteString())
        try decoder.finish()
        return BlobEntry(
            manifest: manifest,
            isOwn: isOwn,
            ordinal: ordinal,
            isComplete: isComplete,
            heldEpoch: epoch == 0 ? nil : epoch
        )
    }

    private static func replace(_ name: String, with bytes: [UInt8]) throws {
        let draft = name + ".new"
        let file = Foundation.open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(draft) }
        let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
        // A disk that takes a part of so few bytes is full.
        if (0..<bytes.count).contains(count) { errno = ENOSPC }
        let isWritten = count == bytes.count && fdatasync(file) == 0
        let failed = failure(draft)
        close(file)
        guard isWritten else {
            unlink(draft)  // best effort: the next start takes it away
            throw failed
        }
        guard rename(draft, name) == 0 else { throw failure(draft) }
        try syncFolder(of: name)
    }

    private static func syncFolder(of name: String) throws {
        let folder = (name as NSString).deletingLastPathComponent
        let file = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return }
            throw failure(folder)
        }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure(folder) }
    }

    private static func failure(_ file: String) -> LedgerError { .system(file) }
}
