import Foundation
import NIOCore

/// By what names this machine may be called on its networks.
enum HostNames {
    /// Host name, addresses of the machine's own interfaces, and the one that was given.
    static func all(with host: String) -> [String] {
        var names: Set<String> = ["localhost", ProcessInfo.processInfo.hostName]
        if !["0.0.0.0", "::"].contains(host) { names.insert(host) }
        // Without a list of interfaces the names above still do.
        for device in (try? System.enumerateDevices()) ?? [] {
            // A link-local address carries its interface behind a %, which no certificate can.
            guard let address = device.address?.ipAddress else { continue }
            names.insert(String(address.prefix { $0 != "%" }))
        }
        return names.filter { !$0.isEmpty }.sorted()
    }
}
