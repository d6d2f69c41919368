import Imaging

/// What serves a device on a thread of its own.
package protocol DeviceDriver: Sendable {
    /// Opens the device, tells `line` that it is ready, and serves it.
    ///
    /// - Parameter line: where scans go, and where the end is told.
    /// - Throws: when it cannot be opened, or is gone; returns when the line stops.
    func serve(_ line: DeviceLine) throws(DeviceFault)
}

/// The list of drivers, written out.
enum DeviceDrivers {
    /// The driver of a device; nil for printers, and for what the page itself reads.
    static func driver(
        of device: TerminalProfile.Device,
        reader: @escaping @Sendable () -> ImagingWorkerClient
    ) -> (any DeviceDriver)? {
        guard device.profile.kind != .printer else { return nil }
        switch device.port {
        case .serial(let path):
            return SerialScanner(path: path, settings: device.serial, port: device.port)
        case .tcp(let host, let port):
            return NetworkScanner(host: host, number: port, isListener: false, port: device.port)
        case .listen(let host, let port):
            return NetworkScanner(host: host, number: port, isListener: true, port: device.port)
        case .evdev(let path):
            return KeyboardScanner(path: path)
        case .video(let path):
            return VideoCamera(path: path, wanted: device.profile.camera, reader: reader())
        case .folder(let path):
            return WatchedFolder(path: path, port: device.port, reader: reader())
        case .page, .usb, .cups:
            return nil
        }
    }
}
