import Drivers
import Foundation
import Ledger
import Sync
import Web

/// The doctor's look at what hangs on a terminal.
enum DeviceCheck {
    struct Trouble: Error, CustomStringConvertible {
        let description: String
    }

    /// Asks the daemon that has the devices; where none runs, looks whether the ports are there.
    ///
    /// - Parameter data: the data folder.
    /// - Returns: the devices and how they stand.
    /// - Throws: ``Trouble`` naming those that cannot be used.
    static func look(_ data: String) async throws -> String {
        if let devices = try await running(data) { return try told(devices) }
        guard let path = try await keptProfile(data) else { return "none" }
        let library = try DeviceFolders.library()
        let devices = try library.terminal(path).devices
        let missing = devices.compactMap { device -> String? in
            guard let file = file(of: device.port),
                !FileManager.default.fileExists(atPath: file)
            else { return nil }
            return "\(device.name): nothing at \(file)"
        }
        guard missing.isEmpty else {
            throw Trouble(description: missing.joined(separator: "; "))
        }
        return "\(devices.count), as \(path) says; no daemon runs that uses them"
    }

    /// What a daemon answers about itself; a hub's has no devices.
    private struct Reply: Codable {
        struct Status: Codable {
            let devices: [AgentAnswer.Device]?
        }

        let status: [String: Status]?
    }

    /// The devices of the daemon that runs; nil when there is none.
    private static func running(_ data: String) async throws -> [AgentAnswer.Device]? {
        let reply: Reply = try await Control.ask(data, AgentRequest.status) { Reply(status: nil) }
        return reply.status.map { $0["_0"]?.devices ?? [] }
    }

    private static func told(_ devices: [AgentAnswer.Device]) throws -> String {
        guard !devices.isEmpty else { return "none" }
        let words = devices.map { device in
            "\(device.name) \(device.state)" + (device.trouble.map { " (\($0))" } ?? "")
        }
        let text = words.joined(separator: "; ")
        guard devices.allSatisfy({ $0.trouble == nil }) else { throw Trouble(description: text) }
        return text
    }

    private static func keptProfile(_ data: String) async throws -> String? {
        let store = try LedgerStore(try DataFolder(data))
        let kept = try await store.read { try $0.setting(AgentDaemon.profileSetting) }
        return kept.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func file(of port: DevicePort) -> String? {
        switch port {
        case .serial(let path), .evdev(let path), .video(let path), .folder(let path),
            .usb(let path):
            path
        case .tcp, .listen, .page, .cups: nil
        }
    }
}
