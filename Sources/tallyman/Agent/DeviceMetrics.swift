import Drivers
import Foundation
import Web

/// How the devices of a terminal stand, for Prometheus.
enum DeviceMetrics {
    static func all(_ devices: [DeviceStatus]) -> [Metric] {
        guard !devices.isEmpty else { return [] }
        return [
            Metric(
                "tallyman_device_ready",
                "Whether a device of the terminal can be used.",
                devices.map { .init($0.state == .ready ? 1 : 0, ["device": $0.name]) }
            ),
            Metric(
                "tallyman_device_scans_total",
                "Scans that a device made.",
                type: "counter",
                devices.map { .init(Double($0.scans), ["device": $0.name]) }
            ),
            Metric(
                "tallyman_device_losses_total",
                "Scans that were thrown away, by reason.",
                type: "counter",
                devices.flatMap { device in
                    ScanLoss.allCases.map { loss in
                        .init(
                            Double(device.losses[loss] ?? 0),
                            ["device": device.name, "reason": loss.rawValue]
                        )
                    }
                }
            ),
            Metric(
                "tallyman_device_openings_total",
                "Times that a device became ready.",
                type: "counter",
                devices.map { .init(Double($0.openings), ["device": $0.name]) }
            ),
        ]
    }
}

extension AgentAnswer.Device {
    init(_ status: DeviceStatus) {
        self.init(
            name: status.name,
            model: status.model,
            port: status.port,
            state: status.state.rawValue,
            trouble: status.fault.map { Output.words($0) },
            scans: status.scans,
            losses: Dictionary(
                status.losses.map { ($0.key.rawValue, $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }
}

/// Where device profiles are found on this machine.
enum DeviceFolders {
    static func library() throws -> ProfileLibrary {
        try ProfileLibrary.find(
            environment: ProcessInfo.processInfo.environment,
            executable: CommandLine.executablePath
        )
    }
}
