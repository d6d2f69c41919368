import Labels

/// Where a printer hangs, read from its address.
public struct PrinterConnection: Hashable, Sendable {
    /// How bytes reach it.
    public enum Kind: Hashable, Sendable {
        case network(host: String, port: UInt16)
        case serial(path: String, baud: Int, flow: Flow)
        case usb(path: String)
        /// A print server or a printer that speaks IPP; `path` begins with a slash.
        case server(host: String, port: UInt16, path: String)
    }

    /// How a serial printer says "wait".
    public enum Flow: String, Hashable, Sendable, CaseIterable {
        case none
        case rtscts
        case xonxoff
    }

    public let kind: Kind

    /// Reads an address.
    ///
    /// - Parameter address: as in ``LabelPrinter/connection``.
    /// - Throws: ``PrintRefusal/badConnection(_:)``.
    public init(_ address: String) throws(PrintRefusal) {
        let parts = address.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Self.kind(String(parts[0]), parts[1]) else {
            throw .badConnection(address)
        }
        self.kind = kind
    }

    private static func kind(_ scheme: String, _ rest: Substring) -> Kind? {
        switch scheme {
        case "tcp":
            guard let (host, port, path) = place(rest, standard: 9_100), path.isEmpty else {
                return nil
            }
            return .network(host: host, port: port)
        case "ipp":
            guard let (host, port, path) = place(rest, standard: 631), path.count > 1 else {
                return nil
            }
            return .server(host: host, port: port, path: path)
        case "serial": return serial(rest)
        case "usb": return rest.hasPrefix("/") ? .usb(path: String(rest)) : nil
        default: return nil
        }
    }

    /// `//HOST`, `//HOST:PORT` or `//[HOST]:PORT`, and what follows.
    private static func place(
        _ text: Substring,
        standard: UInt16
    ) -> (host: String, port: UInt16, path: String)? {
        guard text.hasPrefix("//") else { return nil }
        let whole = text.dropFirst(2)
        let name = whole.prefix { $0 != "/" }
        let path = String(whole.dropFirst(name.count))
        var host = name
        var port = standard
        if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") {
            guard let number = UInt16(name[name.index(after: colon)...]), number > 0 else {
                return nil
            }
            port = number
            host = name[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        let isPlain = host.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        let isPath = path.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard !host.isEmpty, isPlain, isPath else { return nil }
        return (String(host), port, path)
    }

    private static func serial(_ text: Substring) -> Kind? {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].hasPrefix("/") else { return nil }
        var (baud, flow) = (9_600, Flow.none)
        for option in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let pair = option.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2 else { return nil }
            switch pair[0] {
            case "baud":
                guard let number = Int(pair[1]), DeviceWire.speeds[number] != nil else {
                    return nil
                }
                baud = number
            case "flow":
                guard let known = Flow(rawValue: String(pair[1])) else { return nil }
                flow = known
            default: return nil
            }
        }
        return .serial(path: String(parts[0]), baud: baud, flow: flow)
    }
}
