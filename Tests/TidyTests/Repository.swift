import Foundation

/// The files of this package as they lie on disk, read once for all checks.
struct Repository: Sendable {
    /// A text file, named from the package's root with `/` between folders.
    struct TextFile: Sendable {
        let path: String
        let text: String

        var name: String { String(path.split(separator: "/").last ?? "") }

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let shared = Repository(root: root)

    /// Names in the root, hidden ones included.
    let topLevel: [String]
    /// Names that `.gitignore` keeps out of the package.
    let ignored: [String]
    /// Every text file that belongs to the package, sorted by path.
    let files: [TextFile]
    /// Files of Swift, but not what a generator wrote.
    let swift: [SwiftText]

    init(root: URL) {
        let manager = FileManager.default
        topLevel = ((try? manager.contentsOfDirectory(atPath: root.path)) ?? []).sorted()
        let ignoring =
            (try? String(contentsOf: root.appending(path: ".gitignore"), encoding: .utf8))
        let ignored = (ignoring ?? "").split(separator: "\n").map(String.init)
        self.ignored = ignored
        var files: [TextFile] = []
        for name in topLevel where name != ".git" && !Self.matches(name, ignored) {
            files += Self.read(name, under: root, ignored: ignored)
        }
        self.files = files.sorted { $0.path < $1.path }
        swift = self.files.filter { $0.name.hasSuffix(".swift") && !$0.name.hasSuffix(".pb.swift") }
            .map { SwiftText(path: $0.path, text: $0.text) }
    }

    /// Whether a line of `.gitignore` names this file; patterns have at most one `*`, at an end.
    static func matches(_ name: String, _ patterns: [String]) -> Bool {
        patterns.contains { pattern in
            let bare = pattern.hasSuffix("/") ? String(pattern.dropLast()) : pattern
            if bare.hasSuffix("*") { return name.hasPrefix(bare.dropLast()) }
            if bare.hasPrefix("*") { return name.hasSuffix(bare.dropFirst()) }
            return name == bare
        }
    }

    private static func read(_ path: String, under root: URL, ignored: [String]) -> [TextFile] {
        let url = root.appending(path: path)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) else {
            guard let bytes = try? Data(contentsOf: url),
                let text = String(bytes: bytes, encoding: .utf8)
            else { return [] }  // a picture, or another file that is no text
            return [TextFile(path: path, text: text)]
        }
        return names.filter { !matches($0, ignored) }
            .flatMap { read(path + "/" + $0, under: root, ignored: ignored) }
    }

    func file(_ path: String) -> TextFile? { files.first { $0.path == path } }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Self.root.appending(path: path).path)
    }

    /// Names of the folders in `Sources` that hold code of ours.
    var rooms: [String] { folders(in: "Sources").filter { $0 != "C" } }

    /// Names of the folders in `Tests` that hold Swift.
    var suites: [String] {
        (folders(in: "Tests", ending: ".swift") + folders(in: "Tests", ending: ".c")).sorted()
    }

    private func folders(in parent: String, ending: String = "") -> [String] {
        let parts = files.map(\.path).filter { $0.hasSuffix(ending) }.map {
            $0.split(separator: "/")
        }
        return Set(parts.filter { $0.count > 2 && $0[0] == parent }.map { String($0[1]) }).sorted()
    }
}
