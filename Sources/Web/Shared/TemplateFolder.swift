import Foundation
import Tally

/// The folders in which the carried files (`Templates/`) are looked for.
///
/// The first folder that has a file wins, so a plant overrides one text or one page under `/etc`
/// without copying the others.
public struct TemplateFolder: Sendable {
    /// In the order in which they are searched; at least one.
    public let folders: [URL]

    /// - Parameter folders: in the order in which they are searched.
    /// - Throws: ``TemplateError/noFolder(_:)`` when there is none.
    public init(folders: [URL]) throws(TemplateError) {
        guard !folders.isEmpty else { throw .noFolder([]) }
        self.folders = folders
    }

    /// Finds the folders of this machine.
    ///
    /// - Parameters:
    ///   - environment: `TALLYMAN_TEMPLATES` names one folder that goes before all others.
    ///   - executable: the running program; a source checkout above it is the last to be searched.
    /// - Returns: those of the folders that exist.
    /// - Throws: ``TemplateError/noFolder(_:)`` naming where was looked.
    public static func find(
        environment: [String: String],
        executable: URL
    ) throws(TemplateError) -> TemplateFolder {
        var candidates: [URL] = []
        if let named = environment["TALLYMAN_TEMPLATES"], !named.isEmpty {
            candidates.append(URL(filePath: named, directoryHint: .isDirectory))
        }
        candidates.append(URL(filePath: "/etc/tallyman", directoryHint: .isDirectory))
        candidates.append(URL(filePath: "/usr/share/tallyman", directoryHint: .isDirectory))
        if let checkout = checkout(above: executable) { candidates.append(checkout) }
        let present = candidates.filter { FileManager.default.fileExists(atPath: $0.path) }
        guard !present.isEmpty else { throw .noFolder(candidates.map(\.path)) }
        return try TemplateFolder(folders: present)
    }

    /// `Templates` of the source checkout that a program was built in: the nearest folder above it
    /// with both a manifest and templates.
    private static func checkout(above executable: URL) -> URL? {
        var folder = executable.resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            let templates = folder.appending(path: "Templates", directoryHint: .isDirectory)
            let manifest = folder.appending(path: "Package.swift")
            if FileManager.default.fileExists(atPath: manifest.path),
                FileManager.default.fileExists(atPath: templates.path)
            {
                return templates
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }

    /// The file of a path such as `Strings/en.yaml`.
    ///
    /// - Throws: ``TemplateError/missing(_:folders:)``.
    public func file(_ path: String) throws(TemplateError) -> URL {
        for folder in folders {
            let file = folder.appending(path: path)
            if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        throw .missing(path, folders: folders.map(\.path))
    }

    /// The content of a file.
    ///
    /// - Throws: ``TemplateError/missing(_:folders:)``, ``TemplateError/unreadable(_:detail:)``.
    public func content(_ path: String) throws(TemplateError) -> Data {
        let file = try file(path)
        do {
            return try Data(contentsOf: file)
        } catch {
            throw .unreadable(file.path, detail: FileWords.words(error))
        }
    }

    /// The text of a file, which is UTF-8.
    ///
    /// - Throws: ``TemplateError``.
    public func text(_ path: String) throws(TemplateError) -> String {
        guard let text = String(validating: try content(path), as: UTF8.self) else {
            throw .unreadable(try file(path).path, detail: "not UTF-8")
        }
        return text
    }

    /// The paths of the files of a folder such as `Inspection`, sorted, each once.
    ///
    /// - Parameters:
    ///   - folder: a folder's path.
    ///   - ending: what the names end with, such as `.yaml`.
    /// - Returns: paths that ``text(_:)`` takes.
    public func paths(in folder: String, ending: String) -> [String] {
        var names: Set<String> = []
        for place in folders {
            // A folder that this place does not override is no fault.
            let found = try? FileManager.default.contentsOfDirectory(
                atPath: place.appending(path: folder).path
            )
            names.formUnion((found ?? []).filter { $0.hasSuffix(ending) })
        }
        return names.sorted().map { "\(folder)/\($0)" }
    }
}
