import Foundation
import Tally

/// A daemon of a plant: its process, its folder, and how to speak to it.
final class PlantDaemon: Sendable {
    let program: RunningProgram
    let folder: String
    let port: Int

    init(_ program: RunningProgram, folder: String, port: Int) {
        self.program = program
        self.folder = folder
        self.port = port
    }

    func get(_ path: String) throws -> HTTPReply { try PlainHTTP.get(path, at: .port(port)) }

    func post(_ path: String, _ body: [UInt8]) throws -> HTTPReply {
        try PlainHTTP.post(path, body, at: .port(port))
    }

    /// How it stands, by its control socket.
    func status() throws -> DaemonStatus {
        struct Answer: Decodable { let status: [String: DaemonStatus] }
        let place = PlainHTTP.Place.socket(folder + "/control.sock")
        let reply = try PlainHTTP.post("/control", Array(#"{"status":{}}"#.utf8), at: place)
        guard let status = try reply.decode(Answer.self).status["_0"] else {
            throw PlantFailure("no status: \(reply.text)")
        }
        return status
    }
}

/// What a hub and a terminal both tell about themselves; the rest only terminals have.
struct DaemonStatus: Decodable, Equatable {
    let scopes: [String: ScopeState]
    let unsynced: Int?
    let connected: Bool?
    let repairs: Int?
}

struct ScopeState: Decodable, Hashable {
    let position: UInt64
    let digest: String
}

/// What `tallyman verify --json` says.
struct Verification: Decodable {
    let sound: Bool
    let operations: Int
    let scopes: [String: ScopeState]
    let difference: String?
}

/// A plant in a temporary folder of its own: a hub's data, terminals', and their daemons.
final class DaemonPlant: Sendable {
    static let supplier = "JG-BEARING"

    let folder: String

    /// Makes a plant for a test, and clears everything away afterwards.
    ///
    /// A daemon ends with the value that stands for it, so none outlives the test. `TALLYMAN_KEEP`
    /// in the environment keeps the folder.
    static func with<Result>(
        _ body: (DaemonPlant) async throws -> Result
    ) async throws -> Result {
        let plant = try DaemonPlant()
        defer { plant.clear() }
        return try await body(plant)
    }

    private init() throws {
        // The path is short, since a Unix socket's may have 107 bytes.
        folder = NSTemporaryDirectory() + "tallyman-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
    }

    private func clear() {
        guard ProcessInfo.processInfo.environment["TALLYMAN_KEEP"] == nil else { return }
        try? FileManager.default.removeItem(atPath: folder)  // best effort: a temporary folder
    }

    func path(_ name: String) -> String { folder + "/" + name }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }

    // MARK: - Commands

    /// What came of a command.
    struct Outcome {
        let end: RunningProgram.End?
        let output: String
        let errors: String

        /// The first answer on standard output, as JSON.
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let line = output.split(separator: "\n").first ?? ""
            return try JSONDecoder().decode(type, from: Data(line.utf8))
        }

        /// What it says to people, without the lines of a daemon's log.
        var complaint: [Substring] {
            errors.split(separator: "\n").filter { !$0.contains(" info tallyman") }
        }
    }

    /// Runs `tallyman` until it ends.
    func run(_ arguments: String..., within limit: Duration = .seconds(120)) throws -> Outcome {
        try run(arguments, within: limit)
    }

    func run(_ arguments: [String], within limit: Duration = .seconds(120)) throws -> Outcome {
        let log = path("command-\(UInt32.random(in: 0 ... .max))")
        let program = try RunningProgram(arguments, home: folder, log: log)
        let end = program.waitForEnd(within: limit)
        program.kill()
        return Outcome(end: end, output: program.output, errors: program.errors)
    }

    /// Runs a command that must succeed.
    @discardableResult
    func succeed(_ arguments: [String]) throws -> Outcome {
        let outcome = try run(arguments)
        guard outcome.end == .exit(0) else {
            throw PlantFailure("\(arguments): \(String(describing: outcome.end)) \(outcome.errors)")
        }
        return outcome
    }

    func verify(_ name: String) throws -> Verification {
        try run("verify", "--data", path(name), "--json").decode(Verification.self)
    }

    // MARK: - The plant

    static func noteNumber(_ index: Int) -> String { "DN-2026-\(2_000 + index)" }

    /// Gives the hub the sample plant and some delivery notes, with no daemon running.
    func makeHub(notes: Int = 1) throws {
        let hub = path("hub")
        try succeed(["hub", "site", "add", "SZ1", "--data", hub])
        let forms = [
            "air_compressor", "conveyor", "forklift", "injection_moulding_machine", "lathe",
            "milling_machine", "press", "pump",
        ].map { "Inspection/\($0).yaml" }
        let tables = [
            "suppliers", "materials", "orders", "bins", "workers", "equipment", "routes",
        ].map { "Sample/\($0).csv" }
        let files = forms + ["ExceptionReports/categories.yaml"] + tables
        try succeed(["hub", "import"] + files.map(Programs.template) + ["--data", hub])
        let path = Programs.template("Sample/note.json")
        let note = try String(contentsOfFile: path, encoding: .utf8)
        for index in 0..<notes {
            let number = Self.noteNumber(index)
            let file = try write("note.json", note.replacing("DN-2026-0815", with: number))
            try succeed(["hub", "note", file, "--data", hub])
        }
    }

    func enrolmentCode(_ terminal: String) throws -> String {
        let arguments = [
            "hub", "enroll", "--site", "SZ1", "--name", terminal, "--data", path("hub"),
        ]
        let code = try succeed(arguments).output.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !code.isEmpty else { throw PlantFailure("no enrolment code") }
        return code
    }

    func startHub(port: Int = 0) throws -> PlantDaemon {
        try start("hub", ["hub", "serve"], port: port)
    }

    /// Starts a terminal; one that was enrolled before needs neither hub nor code.
    func startAgent(
        _ name: String,
        hub: Int? = nil,
        code: String? = nil,
        poll: Int = 50
    ) throws -> PlantDaemon {
        var arguments = ["agent", "--poll", String(poll)]
        if let hub { arguments += ["--hub", "http://127.0.0.1:\(hub)"] }
        if let code { arguments += ["--enroll", code] }
        return try start(name, arguments)
    }

    /// A daemon of a folder, started and not waited for.
    func launch(
        _ name: String,
        _ arguments: [String],
        port: Int = 0,
        disk: SmallDisk? = nil
    ) throws -> RunningProgram {
        try RunningProgram(
            arguments + ["--data", path(name), "--listen", "127.0.0.1:\(port)"],
            home: folder,
            log: path(name),
            disk: disk
        )
    }

    private func start(_ name: String, _ arguments: [String], port: Int = 0) throws -> PlantDaemon {
        try listening(try launch(name, arguments, port: port), name)
    }

    /// Waits until a daemon says where it listens.
    func listening(_ program: RunningProgram, _ name: String) throws -> PlantDaemon {
        _ = Wait.until(within: .seconds(60), every: .milliseconds(1)) { () -> Bool? in
            Self.port(in: program.errors) != nil || program.end != nil ? true : nil
        }
        guard let port = Self.port(in: program.errors), program.end == nil else {
            throw PlantFailure("\(program.arguments) did not start: \(program.errors)")
        }
        return PlantDaemon(program, folder: path(name), port: port)
    }

    /// The port of the line of the log that tells of it.
    private static func port(in log: String) -> Int? {
        for line in log.split(separator: "\n") where line.hasSuffix("listening") {
            let words = line.split(separator: " ")
            guard let address = words.first(where: { $0.hasPrefix("address=") }) else { continue }
            return address.split(separator: ":").last.flatMap { Int($0) }
        }
        return nil
    }

    /// A hub and terminals that know the sample plant.
    func startAll(
        _ names: [String],
        notes: Int = 1,
        port: Int = 0
    ) throws -> (hub: PlantDaemon, terminals: [PlantDaemon]) {
        try makeHub(notes: notes)
        let codes = try names.map(enrolmentCode)
        let hub = try startHub(port: port)
        let terminals = try zip(names, codes).map { name, code in
            try startAgent(name, hub: hub.port, code: code)
        }
        try settle(hub, terminals)
        return (hub, terminals)
    }

    /// Waits until the hub has every record, and each terminal stands where the hub does.
    func settle(_ hub: PlantDaemon, _ terminals: [PlantDaemon]) throws {
        var last = ""
        let settled: Bool? = try Wait.until(within: .seconds(60), every: .milliseconds(20)) {
            let theirs = try hub.status()
            for terminal in terminals {
                let status = try terminal.status()
                last = "\(status) against \(theirs)"
                // A scope in which nothing ever happened is not yet there at the hub.
                let differs = status.scopes.contains { scope, state in
                    theirs.scopes[scope].map { $0 != state } ?? (state.position > 0)
                }
                guard status.unsynced == 0, !status.scopes.isEmpty, !differs else { return nil }
            }
            return true
        }
        guard settled == true else { throw PlantFailure("the replicas do not agree: \(last)") }
    }
}
