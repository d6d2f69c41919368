import Foundation
import Tally
import Yams

/// The profiles of `Devices`, as they are carried, and as a plant adds to them.
///
/// The first folder that has a file wins, so a plant changes one profile without copying the rest.
public struct ProfileLibrary: Sendable {
    /// In the order in which they are searched.
    public let folders: [String]
    private let deviceSchema: ProfileSchema
    private let terminalSchema: ProfileSchema

    /// Reads the schemas.
    ///
    /// - Parameter folders: in the order in which they are searched.
    /// - Throws: ``ProfileRefusal`` when there is no schema in any, or it is broken.
    public init(folders: [String]) throws(ProfileRefusal) {
        self.folders = folders
        let device = "device.schema.json"
        let terminal = "terminal.schema.json"
        deviceSchema = try ProfileSchema(text: try Self.text(device, folders), file: device)
        terminalSchema = try ProfileSchema(text: try Self.text(terminal, folders), file: terminal)
    }

    /// Finds the folders of this machine: `TALLYMAN_DEVICES`, `/etc/tallyman/devices`,
    /// `/usr/share/tallyman/devices`, and `Devices` of a source checkout above the program.
    ///
    /// - Parameters:
    ///   - environment: the process's.
    ///   - executable: the running program's path.
    /// - Returns: the library of those that exist.
    /// - Throws: ``ProfileRefusal``.
    public static func find(
        environment: [String: String],
        executable: String
    ) throws(ProfileRefusal) -> ProfileLibrary {
        var candidates = environment["TALLYMAN_DEVICES"].map { [$0] } ?? []
        candidates += ["/etc/tallyman/devices", "/usr/share/tallyman/devices"]
        var folder = URL(filePath: executable).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder = folder.deletingLastPathComponent()
            let devices = folder.appending(path: "Devices").path
            let manifest = folder.appending(path: "Package.swift").path
            if FileManager.default.fileExists(atPath: manifest),
                FileManager.default.fileExists(atPath: devices)
            {
                candidates.append(devices)
                break
            }
        }
        let present = candidates.filter { FileManager.default.fileExists(atPath: $0) }
        guard !present.isEmpty else {
            throw .noFolder(looked: candidates.joined(separator: ", "))
        }
        return try ProfileLibrary(folders: present)
    }

    /// The names of all profiles, sorted.
    public var names: [String] {
        var names: Set<String> = []
        for folder in folders {
            // A folder that cannot be listed has no profile to offer; naming one from it fails.
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            names.formUnion(files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) })
        }
        return names.sorted()
    }

    /// The profile of a name.
    ///
    /// - Throws: ``ProfileRefusal`` when there is none, or it breaks the schema.
    public func profile(_ name: String) throws(ProfileRefusal) -> DeviceProfile {
        guard names.contains(name) else {
            throw .missing(profile: name, known: names.joined(separator: ", "))
        }
        let file = "\(name).yaml"
        let text = try Self.text(file, folders)
        try deviceSchema.check(text: text, file: file)
        var profile = try Self.decode(DeviceProfile.self, text, file)
        profile.name = name
        return profile
    }

    /// Reads what hangs on a terminal.
    ///
    /// - Parameter path: the file of `tallyman agent --profile FILE`.
    /// - Returns: the devices with their profiles.
    /// - Throws: ``ProfileRefusal`` with the line of what is wrong.
    public func terminal(_ path: String) throws(ProfileRefusal) -> TerminalProfile {
        let text = try Self.text(at: path)
        try terminalSchema.check(text: text, file: path)
        let file = try Self.decode(TerminalFile.self, text, path)
        return try TerminalProfile(file, path, self)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ text: String,
        _ file: String
    ) throws(ProfileRefusal) -> Value {
        do {
            return try YAMLDecoder().decode(type, from: text)
        } catch {
            throw .unreadable(file: file, detail: "\(error)")
        }
    }

    private static func text(_ name: String, _ folders: [String]) throws(ProfileRefusal) -> String {
        for folder in folders {
            let path = folder + "/" + name
            if FileManager.default.fileExists(atPath: path) { return try text(at: path) }
        }
        throw .unreadable(file: name, detail: "not in " + folders.joined(separator: ", "))
    }

    private static func text(at path: String) throws(ProfileRefusal) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(file: path, detail: FileWords.words(error))
        }
        guard data.count <= 1 << 20, let text = String(validating: data, as: UTF8.self) else {
            throw .unreadable(file: path, detail: "it is no text, or longer than 1 MiB")
        }
        return text
    }
}
