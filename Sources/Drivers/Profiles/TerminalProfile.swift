import Foundation

/// What hangs on a terminal: the file of `tallyman agent --profile FILE`.
///
/// `Devices/terminal.schema.json` says what it may hold.
public struct TerminalProfile: Hashable, Sendable {
    /// A device, its profile, and where it is plugged in.
    public struct Device: Hashable, Sendable {
        /// Unique at the terminal; what people call it.
        public let name: String
        public let profile: DeviceProfile
        public let port: DevicePort
        public let onStartupError: OnStartupError
        /// How its scans arrive here: the profile's, with what the terminal's file changes.
        public let format: ScanFormat
        /// How its port is set, where it is a serial one.
        public let serial: SerialSettings
        /// How finely and how wide it prints; nil for what is no printer.
        public let print: PrintArea?
    }

    /// What a printer reaches on its paper.
    public struct PrintArea: Hashable, Sendable {
        /// Dots an inch.
        public let dpi: Int
        public let widthMillimetres: Int
    }

    /// In the order of the file; names are unique.
    public let devices: [Device]
    /// What is run when a machine is stopped; nil for nothing.
    public let stopOutput: StopOutput?

    /// No devices.
    public init() {
        devices = []
        stopOutput = nil
    }

    init(_ file: TerminalFile, _ path: String, _ library: ProfileLibrary) throws(ProfileRefusal) {
        var devices: [Device] = []
        for entry in file.devices {
            guard !devices.contains(where: { $0.name == entry.name }) else {
                throw .sameName(file: path, device: entry.name)
            }
            guard let port = DevicePort(entry.port) else {
                throw .badPort(file: path, device: entry.name, port: entry.port)
            }
            let profile = try library.profile(entry.profile)
            guard port.suits(profile.kind) else {
                throw .wrongPort(
                    file: path,
                    device: entry.name,
                    port: entry.port,
                    kind: profile.kind.rawValue
                )
            }
            if let other = devices.first(where: { $0.port.collides(with: port, profile.kind, $0) })
            {
                throw .samePort(
                    file: path,
                    device: entry.name,
                    other: other.name,
                    port: entry.port
                )
            }
            devices.append(try Device(entry, port, profile, path))
        }
        self.devices = devices
        stopOutput = file.stopOutput
        if let fault = stopOutput?.fault {
            throw .badOutput(file: path, key: fault.key, value: fault.value)
        }
    }
}

extension TerminalProfile.Device {
    /// Joins what the terminal's file and the device's profile say.
    ///
    /// - Throws: ``ProfileRefusal/untold(file:device:profile:key:example:)`` for a fact that the
    ///   device needs and neither tells.
    init(
        _ entry: TerminalFile.Entry,
        _ port: DevicePort,
        _ profile: DeviceProfile,
        _ path: String
    ) throws(ProfileRefusal) {
        func told<Fact>(
            _ fact: Fact?,
            _ key: String,
            _ example: String
        ) throws(ProfileRefusal) -> Fact {
            guard let fact else {
                throw .untold(
                    file: path,
                    device: entry.name,
                    profile: profile.name,
                    key: key,
                    example: example
                )
            }
            return fact
        }
        let sends = profile.sends ?? ScanFormat()
        var serial = entry.serial ?? profile.serial
        if !port.needsSettings { serial = serial ?? SerialSettings() }
        var print: TerminalProfile.PrintArea?
        if let printer = profile.printer {
            print = TerminalProfile.PrintArea(
                dpi: try told(entry.printer?.dpi ?? printer.dpi, "dpi", "printer: {dpi: 203}"),
                widthMillimetres: try told(
                    entry.printer?.widthMillimetres ?? printer.widthMillimetres,
                    "widthMillimetres",
                    "printer: {widthMillimetres: 72}"
                )
            )
        }
        self.init(
            name: entry.name,
            profile: profile,
            port: port,
            onStartupError: entry.onStartupError ?? .retry,
            format: entry.sends?.applied(to: sends) ?? sends,
            serial: try told(serial, "serial", "serial: {baud: 9600, bits: 8, parity: none}"),
            print: print
        )
    }
}

/// What happens when a device cannot be opened as the daemon starts.
public enum OnStartupError: String, Hashable, Sendable, Decodable {
    /// The daemon does not start.
    case fail
    /// It is opened again and again, as one that was unplugged.
    case retry
    /// It is left alone until the next start.
    case disable
}

/// Where a device is plugged in.
public enum DevicePort: Hashable, Sendable, CustomStringConvertible {
    case serial(path: String)
    /// The device listens and the terminal calls, or the other way round.
    case tcp(host: String, port: Int)
    case listen(host: String, port: Int)
    /// Keys of a keyboard device, grabbed.
    case evdev(path: String)
    case video(path: String)
    case folder(path: String)
    /// What the kiosk page's browser has: keys that are typed there, or its camera.
    case page
    /// A printer's USB device, such as `/dev/usb/lp0`.
    case usb(path: String)
    /// A queue of CUPS: `QUEUE` of this machine's, or `HOST:PORT/QUEUE`.
    case cups(queue: String)

    /// Reads `serial:/dev/ttyACM0`, `tcp:HOST:PORT` and so on; nil for anything else.
    public init?(_ text: String) {
        if text == "page" {
            self = .page
            return
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let value = String(text[text.index(after: colon)...])
        guard !value.isEmpty else { return nil }
        switch text[..<colon] {
        case "serial" where value.hasPrefix("/"): self = .serial(path: value)
        case "evdev" where value.hasPrefix("/"): self = .evdev(path: value)
        case "v4l2" where value.hasPrefix("/"): self = .video(path: value)
        case "folder" where value.hasPrefix("/"): self = .folder(path: value)
        case "usb" where value.hasPrefix("/"): self = .usb(path: value)
        case "cups": self = .cups(queue: value)
        case "tcp":
            guard let (host, port) = Self.address(value), port > 0 else { return nil }
            self = .tcp(host: host, port: port)
        case "listen":
            guard let (host, port) = Self.address(value) else { return nil }
            self = .listen(host: host, port: port)
        default: return nil
        }
    }

    private static func address(_ text: String) -> (String, Int)? {
        guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), port)
    }

    public var description: String {
        switch self {
        case .serial(let path): "serial:\(path)"
        case .tcp(let host, let port): "tcp:\(host):\(port)"
        case .listen(let host, let port): "listen:\(host):\(port)"
        case .evdev(let path): "evdev:\(path)"
        case .video(let path): "v4l2:\(path)"
        case .folder(let path): "folder:\(path)"
        case .page: "page"
        case .usb(let path): "usb:\(path)"
        case .cups(let queue): "cups:\(queue)"
        }
    }

    /// Whether bits go over a line whose speed both ends have to know.
    ///
    /// Linux calls USB devices that only look like a serial port `ttyACM`; they take any setting.
    fileprivate var needsSettings: Bool {
        guard case .serial(let path) = self else { return false }
        return !path.hasPrefix("/dev/ttyACM")
    }

    /// Whether a second device, of `kind` at `port`, would be at the same place as `device` here.
    ///
    /// The page has a keyboard and a camera, so a device of either kind may be there.
    fileprivate func collides(
        with port: DevicePort,
        _ kind: DeviceProfile.Kind,
        _ device: TerminalProfile.Device
    ) -> Bool {
        if self == .page, port == .page { return device.profile.kind == kind }
        if case .listen(_, 0) = self { return false }
        return place == port.place
    }

    /// The port's name, the same for all ways to write it.
    private var place: String {
        switch self {
        case .serial(let path), .evdev(let path), .video(let path), .folder(let path),
            .usb(let path):
            URL(filePath: path).resolvingSymlinksInPath().standardized.path
        case .tcp, .listen, .page, .cups: description.lowercased()
        }
    }

    /// Whether a device of a kind can be there.
    func suits(_ kind: DeviceProfile.Kind) -> Bool {
        switch (self, kind) {
        case (.serial, .scanner), (.tcp, .scanner), (.listen, .scanner), (.evdev, .scanner),
            (.page, .scanner), (.folder, .scanner), (.folder, .camera), (.video, .camera),
            (.page, .camera), (.serial, .printer), (.tcp, .printer), (.usb, .printer),
            (.cups, .printer):
            true
        default: false
        }
    }
}

/// The file as it stands.
struct TerminalFile: Decodable {
    struct Entry: Decodable {
        let name: String
        let profile: String
        let port: String
        let onStartupError: OnStartupError?
        let serial: SerialSettings?
        let printer: PrintAreaChange?
        let sends: ScanFormatChange?
    }

    let devices: [Entry]
    let stopOutput: StopOutput?
}

/// What a terminal's file says of a printer; the rest is the profile's.
struct PrintAreaChange: Decodable {
    let dpi: Int?
    let widthMillimetres: Int?
}

/// What a terminal's file says of a format; the rest is the profile's.
struct ScanFormatChange: Decodable {
    private let apply: (ScanFormat) throws -> ScanFormat

    init(from decoder: any Decoder) throws {
        // Tried once here, so that a fault is found when the file is read.
        _ = try ScanFormat().changed(by: decoder)
        apply = { try $0.changed(by: decoder) }
    }

    func applied(to format: ScanFormat) -> ScanFormat {
        do {
            return try apply(format)
        } catch {
            preconditionFailure("what was read once can be read again: \(error)")
        }
    }
}
