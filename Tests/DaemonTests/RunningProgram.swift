import Foundation
import Synchronization

/// The programs as the build put them beside the test bundle.
enum Programs {
    /// Where `tallyman` and `tallyman-imaging` lie: where `TALLYMAN_BIN` says, else beside the
    /// bundle that runs.
    static let folder: URL = {
        if let named = ProcessInfo.processInfo.environment["TALLYMAN_BIN"], !named.isEmpty {
            return URL(fileURLWithPath: named)
        }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let root = bundle.range(of: ".xctest").map { String(bundle[..<$0.upperBound]) } ?? bundle
        return URL(fileURLWithPath: root).deletingLastPathComponent()
    }()

    static var tallyman: String { folder.appendingPathComponent("tallyman").path }

    /// The checkout's top folder.
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func template(_ path: String) -> String {
        package.appendingPathComponent("Templates").appendingPathComponent(path).path
    }
}

/// A disk that a program gets, smaller than the machine's.
enum SmallDisk {
    /// No file may get longer than so many KiB.
    case files(KiB: Int)
    /// A file system in memory of so many MiB, seen by the program alone, at an empty folder.
    case memory(MiB: Int, at: String)

    /// What starts a program so.
    fileprivate var words: [String] {
        switch self {
        case .files(let size):
            // A signal that is ignored leaves the error to the program (setrlimit(2)).
            ["/bin/bash", "-c", "trap '' XFSZ; ulimit -f \(size); exec \"$@\"", "limited"]
        case .memory(let size, let folder):
            [
                "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "/bin/bash", "-c",
                "mount -t tmpfs -o size=\(size)m none \(folder) && exec \"$@\"", "small",
            ]
        }
    }

    /// Whether this user may make a file system in memory.
    static let hasMemory: Bool = {
        let words = SmallDisk.memory(MiB: 1, at: "/mnt").words + ["/bin/true"]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }  // no such program
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()
}

/// A process of `tallyman`; killed at the latest when nobody holds this value any more.
final class RunningProgram: Sendable {
    /// How a process ended.
    enum End: Equatable {
        case exit(Int32)
        case signal(Int32)
    }

    private enum State {
        case running(pid_t)
        case ended(End)
    }

    private let state: Mutex<State>
    /// Kept apart from the state, so that the descriptions of a failure can name it.
    let arguments: [String]
    private let outputPath: String
    private let errorPath: String

    /// Starts `tallyman` with these arguments.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - home: what the program sees as home folder.
    ///   - log: the files `<log>.out` and `<log>.err` get what it says, and are emptied first.
    ///   - disk: nil for the machine's own.
    /// - Throws: ``PlantFailure`` when it cannot be started.
    init(_ arguments: [String], home: String, log: String, disk: SmallDisk? = nil) throws {
        self.arguments = arguments
        outputPath = log + ".out"
        errorPath = log + ".err"
        let words = [Programs.tallyman] + arguments
        let process = try Self.spawn(
            (disk?.words ?? []) + words,
            home: home,
            output: outputPath,
            error: errorPath
        )
        state = Mutex(.running(process))
    }

    deinit { kill() }

    private static func spawn(
        _ words: [String],
        home: String,
        output: String,
        error: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let anew = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, anew, 0o600)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error, anew, 0o600)
        var environment = ProcessInfo.processInfo.environment
        environment["HOME"] = home
        environment["LC_ALL"] = "C.UTF-8"
        environment["STATE_DIRECTORY"] = nil
        environment["TALLYMAN_DATA"] = nil
        environment["TALLYMAN_TEMPLATES"] = Programs.template("")
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, words[0], &actions, nil, &argv, &envp)
        guard status == 0 else {
            throw PlantFailure("\(words[0]): \(String(cString: strerror(status)))")
        }
        return process
    }

    // MARK: - What it says

    var output: String { Self.text(outputPath) }
    var errors: String { Self.text(errorPath) }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""  // nothing said yet
    }

    // MARK: - Its end

    var processID: pid_t? {
        state.withLock { state in
            guard case .running(let process) = state else { return nil }
            return process
        }
    }

    /// How it ended; nil while it runs.
    var end: End? {
        state.withLock { state in
            switch state {
            case .ended(let end): return end
            case .running(let process):
                var status: Int32 = 0
                guard waitpid(process, &status, WNOHANG) == process else { return nil }
                let end = Self.end(status)
                state = .ended(end)
                return end
            }
        }
    }

    /// The layout of the status is the C library's macros WIFSIGNALED, WTERMSIG, WEXITSTATUS.
    private static func end(_ status: Int32) -> End {
        let signal = status & 0x7F
        return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
    }

    /// Waits for its end; nil when it still runs then.
    func waitForEnd(within limit: Duration) -> End? { Wait.until(within: limit) { end } }

    /// SIGTERM: it may finish what is in hand.
    func terminate() {
        if let processID { Glibc.kill(processID, SIGTERM) }
    }

    /// SIGKILL: it tidies nothing up, and is gone when this returns.
    func kill() {
        state.withLock { state in
            guard case .running(let process) = state else { return }
            Glibc.kill(process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) == -1, errno == EINTR {}
            state = .ended(Self.end(status))
        }
    }

    /// SIGTERM, and SIGKILL when that takes too long.
    ///
    /// - Returns: how it ended.
    @discardableResult
    func stop() -> End? {
        terminate()
        let end = waitForEnd(within: .seconds(30))
        kill()
        return end
    }
}
