import Agent
import AsyncHTTPClient
import Deflate
import Foundation
import Hub
import LedgerPostgres
import Sync
import Synchronization
import Tally
import Web

/// Waiting for a condition, by the clock that never jumps.
enum Wait {
    /// Asks again and again until there is an answer, or throws.
    static func until<Value>(
        _ what: String,
        within limit: Duration = .seconds(60),
        _ ask: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let value = try await ask() { return value }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ServerFailure("in vain: \(what)")
    }
}

/// A value that several threads change.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<Result: Sendable>(
        _ body: (inout Value) throws -> Result
    ) rethrows -> Result {
        try value.withLock { value in
            var copy = value
            let result = try body(&copy)
            value = copy
            return result
        }
    }
}

/// A `tallyman hub serve` over a database that others share; killed with this value.
final class HubProcess: Sendable {
    let port: Int
    private let process: Mutex<pid_t?>

    fileprivate init(_ plant: HubPlant, _ name: String) async throws {
        let log = plant.path(name + ".log")
        let process = try plant.spawn(
            ["hub", "serve", "--data", plant.path(name), "--listen", "127.0.0.1:0"],
            log: log
        )
        self.process = Mutex(process)
        port = try await Wait.until("\(name) listens") {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let port = Self.port(in: text) { return port }
            var status: Int32 = 0
            guard waitpid(process, &status, WNOHANG) == 0 else { throw ServerFailure(text) }
            return nil
        }
    }

    deinit { kill() }

    private static func port(in log: String) -> Int? {
        for line in log.split(separator: "\n") where line.hasSuffix("listening") {
            let words = line.split(separator: " ")
            guard let address = words.first(where: { $0.hasPrefix("address=") }) else { continue }
            return address.split(separator: ":").last.flatMap { Int($0) }
        }
        return nil
    }

    /// SIGKILL; it is gone when this returns.
    func kill() {
        process.withLock { process in
            guard let known = process else { return }
            Glibc.kill(known, SIGKILL)
            var status: Int32 = 0
            while waitpid(known, &status, 0) == -1, errno == EINTR {}
            process = nil
        }
    }
}

/// A database with hub processes and terminals around it, in a folder that goes when it goes.
final class HubPlant: Sendable {
    static let site = "SZ1"
    static let supplier = "JG-BEARING"

    /// Nil for one hub with a database in its own folder.
    let server: PostgresServer?
    let database: String
    private let folder: String
    private let client = HTTPClient(
        eventLoopGroup: HTTPClient.defaultEventLoopGroup,
        configuration: HTTPHubLink.configuration
    )
    private let names: [String]
    private let running: Mutex<[HubProcess?]>

    /// Where `tallyman` lies: where `TALLYMAN_BIN` says, else beside the bundle that runs.
    private static let tallyman: String = {
        if let named = ProcessInfo.processInfo.environment["TALLYMAN_BIN"], !named.isEmpty {
            return named + "/tallyman"
        }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let root = bundle.range(of: ".xctest").map { String(bundle[..<$0.upperBound]) } ?? bundle
        return URL(fileURLWithPath: root).deletingLastPathComponent().path + "/tallyman"
    }()

    private static let templates =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path + "/Templates"

    /// Three hubs, or one with its own database, that know the sample plant and some delivery
    /// notes, made by commands.
    static func with(
        _ server: PostgresServer?,
        notes: Int,
        targets: String = "",
        _ body: (HubPlant) async throws -> Void
    ) async throws {
        let plant = try HubPlant(server)
        do {
            try plant.makeMasterData(notes: notes)
            if !targets.isEmpty { try plant.setTargets(targets) }
            for index in plant.names.indices { try await plant.start(index) }
            try await body(plant)
        } catch {
            try await plant.end()
            throw error
        }
        try await plant.end()
    }

    private init(_ server: PostgresServer?) throws {
        self.server = server
        database = try server?.makeDatabase() ?? ""
        folder = NSTemporaryDirectory() + "tallyman-\(UInt32.random(in: 0 ... .max))"
        names = server == nil ? ["hub-1"] : ["hub-1", "hub-2", "hub-3"]
        running = Mutex(names.map { _ in nil })
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func end() async throws {
        running.withLock { $0 = $0.map { _ in nil } }
        try? FileManager.default.removeItem(atPath: folder)  // best effort: a temporary folder
        try await client.shutdown()
    }

    func path(_ name: String) -> String { folder + "/" + name }

    /// Empty for a hub's own database.
    var address: String { server?.address(database) ?? "" }

    // MARK: - Commands

    func spawn(_ arguments: [String], log: String) throws -> pid_t {
        let environment = [
            "/usr/bin/env", "HOME=\(folder)", "LC_ALL=C.UTF-8", "TALLYMAN_DATABASE=\(address)",
            "TALLYMAN_TEMPLATES=\(Self.templates)",
        ]
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer {
            close(null)
            close(file)
        }
        return try Spawn.start(
            environment + [Self.tallyman] + arguments,
            input: null,
            output: file,
            error: file
        )
    }

    /// Runs a command that must succeed, in the folder of the first hub.
    @discardableResult
    func succeed(_ arguments: String...) throws -> String { try succeed(arguments) }

    @discardableResult
    func succeed(_ arguments: [String]) throws -> String {
        let log = path("command-\(UInt32.random(in: 0 ... .max))")
        let process = try spawn(arguments + ["--data", path("hub-1")], log: log)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        // The log's own lines go to the same file.
        let text = try String(contentsOfFile: log, encoding: .utf8)
        guard status == 0 else { throw ServerFailure("\(arguments): \(status) \(text)") }
        return text
    }

    static func noteNumber(_ index: Int) -> String { "DN-2026-\(2_000 + index)" }

    private func makeMasterData(notes: Int) throws {
        try succeed("hub", "site", "add", Self.site)
        let forms = [
            "air_compressor", "conveyor", "forklift", "injection_moulding_machine", "lathe",
            "milling_machine", "press", "pump",
        ].map { "Inspection/\($0).yaml" }
        let tables = ["suppliers", "materials", "orders", "bins", "workers", "equipment"]
            .map { "Sample/\($0).csv" }
        let files = forms + ["ExceptionReports/categories.yaml"] + tables
        try succeed(["hub", "import"] + files.map { Self.templates + "/" + $0 })
        let note = try String(contentsOfFile: Self.templates + "/Sample/note.json", encoding: .utf8)
        for index in 0..<notes {
            let file = path("note.json")
            try note.replacing("DN-2026-0815", with: Self.noteNumber(index))
                .write(toFile: file, atomically: true, encoding: .utf8)
            try succeed("hub", "note", file)
        }
    }

    /// Gives each hub the file of targets.
    private func setTargets(_ text: String) throws {
        for name in names {
            try FileManager.default.createDirectory(
                atPath: path(name),
                withIntermediateDirectories: true
            )
            try text.write(toFile: path(name) + "/targets.yaml", atomically: true, encoding: .utf8)
        }
    }

    // MARK: - Hubs

    var hubCount: Int { names.count }

    func start(_ index: Int) async throws {
        let hub = try await HubProcess(self, names[index])
        running.withLock { $0[index] = hub }
    }

    func kill(_ index: Int) {
        let hub = running.withLock { running in
            defer { running[index] = nil }
            return running[index]
        }
        hub?.kill()
    }

    /// The port of a hub; nil while it is dead.
    func port(_ index: Int) -> Int? { running.withLock { $0[index]?.port } }

    // MARK: - Terminals

    /// A terminal that is enrolled, and answered by one hub after the other.
    func enroll(_ name: String, first: Int = 0) async throws -> PlantTerminal {
        let code =
            try succeed("hub", "enroll", "--site", Self.site, "--name", name)
            .split(separator: "\n").first.map(String.init) ?? ""
        let terminal = try await PlantTerminal(self, client, first: first)
        try await terminal.shell.enroll(code: EnrolmentToken(text: code).code, at: terminal.link)
        return terminal
    }

    /// Waits until every terminal has sent all and stands where the database does.
    func settle(_ terminals: [PlantTerminal]) async throws {
        let store = try PostgresStore(DatabaseAddress(address))
        defer { store.close() }
        for round in 0..<2 {
            for terminal in terminals { try await terminal.sync("settles \(round)") }
        }
        for terminal in terminals {
            for scope in try await terminal.shell.scopes() {
                let (head, digest) = try await store.read {
                    (try $0.head(of: scope), try $0.digest(of: scope))
                }
                let status = try await terminal.shell.status().scopes.first { $0.scope == scope }
                guard status?.position ?? 0 == head, status?.digest ?? ScopeDigest() == digest
                else {
                    throw ServerFailure(
                        "\(scope): \(String(describing: status)), not \(head) \(digest)"
                    )
                }
            }
        }
    }
}

/// A terminal in this process.
final class PlantTerminal: Sendable {
    let shell: TerminalShell
    let link: TurningLink

    fileprivate init(_ plant: HubPlant, _ client: HTTPClient, first: Int) async throws {
        let shell = try await TerminalShell(
            store: SharedMemory(),
            vocabulary: PlantVocabulary.all,
            compressor: DeflateCompressor(format: .raw),
            clock: WallClock(),
            dice: SystemRandomDice()
        )
        self.shell = shell
        link = TurningLink(plant, client, first: first) { try shell.prove($0, $1) }
    }

    /// Pushes and pulls until there is nothing more, trying again while hubs are away.
    func sync(_ what: String) async throws {
        _ = try await Wait.until(what) { () -> Bool? in
            do {
                while try await shell.push(over: link) == true {}
                for scope in try await shell.scopes() {
                    while try await shell.pull(scope, over: link) {}
                }
                return try await shell.status().unsynced == 0 ? true : nil
            } catch let refusal as SyncRefusal {
                throw refusal
            } catch {
                return nil
            }
        }
    }
}

/// The one address behind which the hubs are: each request goes to the next that lives.
final class TurningLink: HubLink {
    private let plant: HubPlant
    private let client: HTTPClient
    private let turn: Mutex<Int>
    private let prove: @Sendable (RequestProof.Question, [UInt8]) throws -> [UInt8]
    /// How many answers each hub has given.
    let answers = Shared([0, 0, 0])

    init(
        _ plant: HubPlant,
        _ client: HTTPClient,
        first: Int,
        prove: @escaping @Sendable (RequestProof.Question, [UInt8]) throws -> [UInt8]
    ) {
        self.plant = plant
        self.client = client
        turn = Mutex(first)
        self.prove = prove
    }

    /// The way to one hub.
    func link(to index: Int) throws -> HTTPHubLink {
        guard let port = plant.port(index), let url = URL(string: "http://127.0.0.1:\(port)")
        else { throw ServerFailure("hub \(index) is dead") }
        return HTTPHubLink(
            hub: url,
            client: client,
            compressor: DeflateCompressor(level: 3),
            prove: prove
        )
    }

    private func next(_ ask: (HTTPHubLink) async throws -> [UInt8]) async throws -> [UInt8] {
        let index = turn.withLock { turn in
            defer { turn += 1 }
            return turn % plant.hubCount
        }
        let answer = try await ask(try link(to: index))
        answers.withLock { $0[index] += 1 }
        return answer
    }

    func push(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.push(request) }
    }

    func pull(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.pull(request) }
    }

    func snapshot(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.snapshot(request) }
    }

    func piece(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.piece(request) }
    }

    func watch(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.watch(request) }
    }

    func giveBack(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.giveBack(request) }
    }

    func enroll(_ request: [UInt8]) async throws -> [UInt8] {
        try await next { try await $0.enroll(request) }
    }
}

/// A terminal's store in memory.
///
/// `@unchecked`: the store is used behind the lock only.
private final class SharedMemory: AsyncReplicaStore, @unchecked Sendable {
    private let store = MemoryStore()
    private let lock = Mutex(())

    func read<Result: Sendable>(
        _ body: @Sendable (any ReplicaReading) throws -> Result
    ) async throws -> Result {
        try lock.withLock { _ in try store.read(body) }
    }

    func write<Result: Sendable>(
        _ body: @Sendable (any ReplicaTransaction) throws -> Result
    ) async throws -> Result {
        try lock.withLock { _ in try store.write(body) }
    }
}

/// This machine's clock.
struct WallClock: Tally.Clock {
    func reading() -> ClockReading {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return ClockReading(
            wall: Moment(milliseconds: now),
            boot: 7,
            monotonicMilliseconds: UInt64(now)
        )
    }
}

/// The operating system's dice.
struct SystemRandomDice: Dice {
    private var generator = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 { generator.next() }
}
