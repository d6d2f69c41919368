import ArgumentParser
import Foundation

/// Where a daemon keeps everything.
struct DataOptions: ParsableArguments {
    @Option(name: .long, help: "The folder that holds database, keys and control socket.")
    var data: String = DataOptions.standard

    private static var standard: String {
        let environment = ProcessInfo.processInfo.environment
        if let state = environment["STATE_DIRECTORY"] { return state }
        return (environment["HOME"] ?? ".") + "/.local/share/tallyman"
    }
}

/// `HOST:PORT`.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible, Sendable {
    let host: String
    let port: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
        else { return nil }
        host = String(argument[..<colon]).trimmingCharacters(in: ["[", "]"])
        self.port = port
        guard !host.isEmpty else { return nil }
    }

    /// Where a daemon serves unless told otherwise: this machine only.
    static func standard(port: Int) -> ListenAddress {
        guard let address = ListenAddress(argument: "127.0.0.1:\(port)") else {
            preconditionFailure("a loopback address is an address")
        }
        return address
    }

    var description: String { "\(host):\(port)" }
}
