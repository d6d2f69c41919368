import Foundation
import Sync
import Tally

/// A hub's snapshots on disk: a file a piece, named by the hash of its bytes.
///
/// They are made of the database and can be made again, so nothing waits for the disk, and what
/// is there after a start is thrown away.
public final class PieceFolder: PieceShelf {
    private let path: String

    /// - Parameter folder: the hub's data folder.
    /// - Throws: when the folder cannot be made.
    public init(in folder: DataFolder) throws {
        path = URL(fileURLWithPath: folder.path).appending(path: "snapshots").path
        try? FileManager.default.removeItem(atPath: path)  // nothing there, the first time
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    private func file(_ hash: [UInt8]) -> String { path + "/" + hash.hexadecimal }

    public func put(_ hash: [UInt8], _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(hash)), options: .atomic)
    }

    public func get(_ hash: [UInt8]) throws -> [UInt8]? {
        guard let data = FileManager.default.contents(atPath: file(hash)) else { return nil }
        let bytes = Array(data)
        // A file that the disk has changed is as good as none.
        return ContentHash(of: bytes).bytes == hash ? bytes : nil
    }

    public func keepOnly(_ hashes: Set<[UInt8]>) throws {
        let names = Set(hashes.map(\.hexadecimal))
        for name in try FileManager.default.contentsOfDirectory(atPath: path)
        where !names.contains(name) {
            try FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }
}
