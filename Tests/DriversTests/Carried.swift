import Drivers
import Foundation

/// The files of this checkout.
enum Carried {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let devices = root.appending(path: "Devices").path
    static let cases = root.appending(path: "Tests/DriversTests/Cases").path

    static func library() throws -> ProfileLibrary { try ProfileLibrary(folders: [devices]) }

    /// Names of a folder's entries, sorted.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// Gives a folder that is gone afterwards.
    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = NSTemporaryDirectory() + "tallyman-drivers-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    /// A terminal's profile from its text.
    static func terminal(_ text: String) throws -> TerminalProfile {
        try withFolder { folder in
            let path = folder + "/terminal.yaml"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return try library().terminal(path)
        }
    }
}
