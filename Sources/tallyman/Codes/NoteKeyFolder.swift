import Codes
import Foundation
import Tally

/// Where the commands keep the suppliers' signing keys: `note-keys` in the data folder, a file a
/// key named `<supplier>.seed`, the seed in hexadecimal, for its owner's eyes only.
struct NoteKeyFolder {
    private let folder: URL

    /// - Parameter data: the data folder; else `TALLYMAN_DATA` in the environment, else
    ///   `.tallyman` in the home folder.
    init(data: String?) {
        let environment = ProcessInfo.processInfo.environment["TALLYMAN_DATA"]
        let root =
            (data ?? environment).map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(".tallyman")
        folder = root.appendingPathComponent("note-keys")
    }

    /// The key in this file.
    static func signer(file: String) throws -> NoteSigner {
        let text = String(decoding: try FileBytes.read(file), as: UTF8.self)
        let digits = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let seed = [UInt8](hexadecimal: digits) else { throw NoteRefusal.badSigningKey }
        return try NoteSigner(seed: seed)
    }

    /// The key of this supplier; made when there is none yet.
    func signer(of supplier: String) throws -> NoteSigner {
        let file = path(of: supplier)
        if FileManager.default.fileExists(atPath: file) { return try Self.signer(file: file) }
        var dice = SystemRandomNumberGenerator()
        let seed = (0..<32).map { _ in UInt8.random(in: 0...255, using: &dice) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let isMade = FileManager.default.createFile(
            atPath: file,
            contents: Data((seed.hexadecimal + "\n").utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isMade else { throw FileTrouble(path: file, reason: "cannot be written") }
        Talk.line("made a signing key for \(supplier): \(file)")
        return try NoteSigner(seed: seed)
    }

    /// The public halves of all keys in the folder; none when there is no folder.
    func publicKeys() throws -> [SupplierKey] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try files.sorted().filter { $0.hasSuffix(".seed") }.compactMap { name in
            let signer = try Self.signer(file: folder.appendingPathComponent(name).path)
            guard let supplier = name.dropLast(5).removingPercentEncoding else { return nil }
            return SupplierKey(supplier: supplier, publicKey: signer.publicKey)
        }
    }

    /// A supplier's code may hold a slash; the file's name may not.
    private func path(of supplier: String) -> String {
        let name = supplier.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? supplier
        return folder.appendingPathComponent(name + ".seed").path
    }
}
