import Foundation
import Synchronization

/// Something that a test needs did not come about.
struct ServerFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A PostgreSQL 15 of the tests' own: a new cluster in a temporary folder, reached by a Unix socket
/// there and by nothing else.
///
/// A shell watches over it: when the pipe from this process ends, however this process ended, the
/// shell stops the server and takes the folder away. The server refuses to run as root, so with
/// root it runs as Debian's `postgres`.
final class PostgresServer: Sendable {
    private static let shared = Mutex<PostgresServer?>(nil)

    /// The one that suites share, each test with a database of its own.
    static func common() throws -> PostgresServer {
        try shared.withLock { shared in
            let server = try shared ?? PostgresServer()
            shared = server
            return server
        }
    }

    /// The folder of cluster and socket.
    let folder: String
    /// Ends the server when it is closed; close-on-exec, so that no other child keeps it open.
    private let leash: CInt

    private static let binaries = "/usr/lib/postgresql/15/bin"

    /// What starts a program as a user that the server accepts.
    private static var asUser: [String] {
        guard geteuid() == 0 else { return [] }
        return [
            "/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
            "--reset-env",
        ]
    }

    private static let script =
        """
        set -e
        trap '' INT TERM HUP
        umask 077
        cd /
        folder=$(mktemp -d /tmp/tallyman-pg-XXXXXXXX)
        chmod 755 "$folder"
        trap 'rm -rf "$folder"' EXIT
        exec 3>&1 >"$folder/shell.log" 2>&1
        "$0/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C -N
        echo "listen_addresses = ''
        unix_socket_directories = '$folder'
        unix_socket_permissions = 0777
        shared_buffers = 32MB
        max_connections = 60" >>"$folder/data/postgresql.conf"
        "$0/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 start
        echo "$folder" >&3
        exec 3>&-
        cat >/dev/null || true
        "$0/pg_ctl" -D "$folder/data" -m immediate -w stop || true
        """

    /// Makes a cluster and starts it.
    init() throws {
        var input: [CInt] = [0, 0]
        var output: [CInt] = [0, 0]
        // Pairs of sockets, since they are close-on-exec from the start.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &input) == 0,
            socketpair(AF_UNIX, kind, 0, &output) == 0
        else { throw ServerFailure("no sockets: \(String(cString: strerror(errno)))") }
        let words = Self.asUser + ["/bin/bash", "-c", Self.script, Self.binaries]
        try Spawn.start(words, input: input[0], output: output[1])
        close(input[0])
        close(output[1])
        leash = input[1]
        folder = Self.line(from: output[0])
        close(output[0])
        guard !folder.isEmpty else {
            close(leash)
            throw ServerFailure("PostgreSQL 15 did not start (Debian's package postgresql)")
        }
    }

    deinit { close(leash) }

    private static func line(from file: CInt) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(file, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - Use

    /// The address of a database.
    func address(_ database: String) -> String {
        "postgres:///\(database)?host=\(folder)&user=postgres"
    }

    /// Makes a database, with no connection of the program that is tested.
    func makeDatabase() throws -> String {
        let name = "t\(UInt64.random(in: 0 ... .max))"
        try query("CREATE DATABASE \(name) TEMPLATE template0", in: "postgres")
        return name
    }

    /// Runs SQL with `psql`.
    ///
    /// - Returns: what it prints: a line a row, columns parted by `|`.
    @discardableResult
    func query(_ sql: String, in database: String) throws -> String {
        try Spawn.output([
            Self.binaries + "/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder,
            "-U", "postgres", "-d", database, "-c", sql,
        ])
    }

    /// Restarts the server as after a crash: connections break, nothing is finished.
    func crash() throws {
        let words =
            Self.asUser + [
                Self.binaries + "/pg_ctl", "-D", folder + "/data", "-l", folder + "/server.log",
                "-w",
                "-t", "60", "-m", "immediate", "restart",
            ]
        try Spawn.output(words)
    }

    /// Runs `body` with a database of its own on the shared server.
    static func withDatabase<Result>(
        _ body: (PostgresServer, String) throws -> Result
    ) throws -> Result {
        let server = try common()
        // It goes with the cluster.
        return try body(server, try server.makeDatabase())
    }
}

/// Other programs.
enum Spawn {
    /// Starts a program; without a file for it, its standard error is this process's.
    @discardableResult
    static func start(
        _ words: [String],
        input: CInt,
        output: CInt,
        error: CInt? = nil
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        if let error { posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO) }
        // A group of its own: what stops the tests from a keyboard does not stop it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, words[0], &actions, &attributes, &argv, environ)
        guard status == 0 else {
            throw ServerFailure("\(words[0]): \(String(cString: strerror(status)))")
        }
        return process
    }

    /// Runs a program to its end.
    ///
    /// - Returns: what it said, without the last line's end.
    @discardableResult
    static func output(_ words: [String]) throws -> String {
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let name = NSTemporaryDirectory() + "tallyman-out-\(UInt64.random(in: 0 ... .max))"
        let file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(null)
            close(file)
            unlink(name)
        }
        let process = try start(words, input: null, output: file)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        let text = try String(contentsOfFile: name, encoding: .utf8)
        guard status == 0 else { throw ServerFailure("\(words): \(status) \(text)") }
        return text.trimmingCharacters(in: .newlines)
    }
}
