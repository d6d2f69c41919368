import Tally

/// How a device of the terminal stands.
public struct DeviceStatus: Equatable, Sendable {
    /// What a device does.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// It has not been tried yet.
        case starting
        case ready
        /// It is not there; it is tried again and again.
        case waiting
        /// It was not there at the start, and its profile says to leave it then.
        case disabled
        case stopped
    }

    public let name: String
    /// Make and model.
    public let model: String
    public let kind: DeviceProfile.Kind
    public let port: String
    public internal(set) var state = State.starting
    /// Why it is not ready.
    public internal(set) var fault: DeviceFault?
    /// Scans that were given on.
    public internal(set) var scans: UInt64 = 0
    /// What was thrown away, by reason.
    public internal(set) var losses: [ScanLoss: UInt64] = [:]
    /// How often it became ready.
    public internal(set) var openings: UInt64 = 0
    /// The last text that it gave, cut to 60 characters.
    public internal(set) var lastText: String?

    init(_ device: TerminalProfile.Device) {
        name = device.name
        model =
            device.profile.make == "any"
            ? device.profile.model : "\(device.profile.make) \(device.profile.model)"
        kind = device.profile.kind
        port = device.port.description
    }
}

/// A scan of a device, in the words of the terminal.
public struct DeviceScan: Hashable, Sendable {
    public let device: String
    /// Counts the device's scans from 1 since the program started.
    public let number: UInt64
    public let text: String
    public let aim: String?
    /// What came, for whoever teaches; empty for a camera.
    public let raw: RawScan
}

/// What a device tells.
public enum DeviceEvent: Sendable {
    case scan(DeviceScan)
    /// Something was thrown away; told once for a flood, with how many it was so far.
    case loss(device: String, ScanLoss, count: UInt64)
    case changed(DeviceStatus)
}
