import Foundation

/// A server of the tests' own that says a line once it serves, and ends when the pipe from this
/// process does, however this process ends.
final class LeashedServer: Sendable {
    /// What it said.
    let line: String
    private let leash: CInt
    private let process: pid_t

    /// Starts a program and waits for its line.
    ///
    /// - Parameters:
    ///   - words: the program and its arguments.
    ///   - log: a file for what it says on standard error.
    /// - Throws: ``ServerFailure`` with what it said.
    init(_ words: [String], log: String) throws {
        var input: [CInt] = [0, 0]
        var output: [CInt] = [0, 0]
        // Pairs of sockets, since they are close-on-exec from the start.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &input) == 0,
            socketpair(AF_UNIX, kind, 0, &output) == 0
        else { throw ServerFailure("no sockets: \(String(cString: strerror(errno)))") }
        let file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        process = try Spawn.start(words, input: input[0], output: output[1], error: file)
        close(input[0])
        close(output[1])
        leash = input[1]
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(output[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        close(output[0])
        line = String(decoding: bytes, as: UTF8.self)
        guard !line.isEmpty else {
            close(leash)
            let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw ServerFailure("\(words): \(said)")
        }
    }

    deinit {
        close(leash)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
    }
}

/// The systems of `Targets/targets.py`.
struct TargetServer {
    static let secret = "SEC-of-the-plant"
    static let python = ProcessInfo.processInfo.environment["TALLYMAN_PYTHON"] ?? "/usr/bin/python3"

    private let server: LeashedServer
    private let record: String
    let http: Int
    let smtp: Int

    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Targets/\(name)").path
    }

    /// Whether Python has what the scripts need.
    static let canRun: Bool = {
        let words = [python, "-c", "import aiosmtpd.controller, pika"]
        return (try? Spawn.output(words)) != nil  // no such Python, or it lacks them
    }()

    /// - Parameter folder: where it keeps its record.
    /// - Throws: ``ServerFailure``.
    init(in folder: String) throws {
        record = folder + "/targets.jsonl"
        server = try LeashedServer(
            [Self.python, Self.script("targets.py"), record, Self.secret],
            log: folder + "/targets.log"
        )
        let ports = server.line.split(separator: " ").compactMap { Int($0) }
        guard ports.count == 2 else { throw ServerFailure("targets.py: \(server.line)") }
        (http, smtp) = (ports[0], ports[1])
    }

    /// Everything that a target took, in order.
    func taken(by target: String) throws -> [[String: Any]] {
        let text = (try? String(contentsOfFile: record, encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").compactMap { line in
            let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let map = value as? [String: Any], map["target"] as? String == target else {
                return nil
            }
            return map
        }
    }
}

/// A RabbitMQ of the tests' own, on loopback, in a temporary folder.
struct RabbitServer {
    static let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: program) }

    private let server: LeashedServer
    let port: Int

    private static let script =
        """
        set -e
        trap '' INT TERM HUP
        umask 077
        cd /
        folder=$(mktemp -d /tmp/tallyman-mq-XXXXXXXX)
        export HOME=$folder ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$3
        export RABBITMQ_NODENAME=t$$@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
        export RABBITMQ_NODE_PORT=$1 RABBITMQ_DIST_PORT=$2 RABBITMQ_LOG_BASE=$folder/log
        export RABBITMQ_MNESIA_BASE=$folder/db RABBITMQ_CONFIG_FILE=$folder/none
        export RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins RABBITMQ_PID_FILE=$folder/pid
        export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
        echo '[].' >"$folder/plugins"
        # In the foreground, since one that the broker starts outlives it.
        epmd -address 127.0.0.1 -port "$3" >/dev/null 2>&1 </dev/null &
        names=$!
        "$0" >"$folder/out" 2>&1 </dev/null &
        broker=$!
        trap 'kill -9 $broker $(cat "$folder/pid") $names 2>/dev/null; wait; rm -rf "$folder"' EXIT
        for try in $(seq 600); do
            kill -0 $broker || { cat "$folder/out" >&2; exit 1; }
            grep -q 'Starting broker... completed' "$folder/out" && break
            sleep 0.2
        done
        echo "$folder"
        exec >/dev/null
        cat >/dev/null || true
        """

    /// - Parameters:
    ///   - folder: where its complaints go.
    ///   - port: where it serves; a free one otherwise.
    /// - Throws: ``ServerFailure``.
    init(in folder: String, port: Int? = nil) throws {
        let ports = [try port ?? Self.freePort(), try Self.freePort(), try Self.freePort()]
        server = try LeashedServer(
            ["/bin/bash", "-c", Self.script, Self.program] + ports.map(String.init),
            log: folder + "/rabbitmq.log"
        )
        self.port = ports[0]
    }

    /// Makes the durable queue `orders`.
    func declareQueue() throws {
        try Spawn.output([
            TargetServer.python, TargetServer.script("orders_queue.py"), String(port), "declare",
        ])
    }

    /// Takes all that is in the queue.
    func take() throws -> [[String: Any]] {
        let text = try Spawn.output([
            TargetServer.python, TargetServer.script("orders_queue.py"), String(port), "take",
        ])
        return try text.split(separator: "\n").compactMap { line in
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        }
    }

    /// A port of loopback that nobody listens on, below those that outgoing connections get.
    static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = UInt16.random(in: 21_000..<32_000)
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let file = socket(AF_INET, kind, 0)
            defer { close(file) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = port.bigEndian
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(file, $0, length) }
            }
            if status == 0 { return Int(port) }
        }
        throw ServerFailure("no free port")
    }
}
