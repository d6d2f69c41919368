import Agent
import Foundation
import HTTPTypes
import Hub
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NodePlant
import Sync
import Synchronization
import Tally
import Testing
import Web

/// The terminal's pages over a terminal in memory, asked as a browser does but without a socket.
struct Browser {
    struct Answer {
        let status: Int
        let type: String
        let text: String
        let cookies: [String]

        /// A member of a JSON answer, as text.
        subscript(_ name: String) -> String {
            let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8))
            let object = parsed as? [String: Any]
            return object?[name].map { "\($0)" } ?? ""
        }
    }

    let pages: KioskPages
    let shell: TerminalShell
    private let responder: RouterResponder<BasicRequestContext>
    /// What the browser sends back.
    var cookie = ""

    /// A browser at the first terminal of a plant.
    init(_ plant: NodePlant, devices: (any KioskDevices)? = nil) async throws {
        let clock = StoppedClock(now: plant.now)
        shell = try await TerminalShell(
            store: SharedStore(plant.terminals[0].store),
            vocabulary: PlantVocabulary.all,
            compressor: NodePlant.compressor,
            clock: clock,
            // A start anew is another run of dice, or two would name operations alike.
            dice: SeededDice(seed: 31 + UInt64(plant.terminals[0].store.operationCount))
        )
        let names = Mutex(SeededDice(seed: 32))
        pages = try KioskPages(
            shell: shell,
            folder: try Self.templates(),
            connection: { false },
            makeID: { names.withLock { Identifier.random(&$0).description } },
            clock: clock,
            zone: .gmt,
            devices: devices,
            logger: Logger(label: "tests")
        )
        let router = Router()
        pages.add(to: router)
        responder = router.buildResponder()
    }

    /// The templates of this checkout.
    static func templates() throws -> TemplateFolder {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return try TemplateFolder(folders: [root.appending(path: "Templates")])
    }

    /// Sends a request and remembers the cookies that come back.
    mutating func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        body: [UInt8] = [],
        type: String = "application/json",
        accept: String = "application/json"
    ) async throws -> Answer {
        var fields: HTTPFields = [.accept: accept, .contentType: type]
        if !cookie.isEmpty { fields[.cookie] = cookie }
        let head = HTTPRequest(
            method: method,
            scheme: "http",
            authority: "terminal",
            path: path,
            headerFields: fields
        )
        let source = ApplicationRequestContextSource(
            channel: EmbeddedChannel(),
            logger: Logger(label: "tests")
        )
        let response = try await responder.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body))),
            context: BasicRequestContext(source: source)
        )
        let writer = Collected()
        try await response.body.write(writer)
        let cookies = response.headers[values: .setCookie]
        let kept = cookies.compactMap { $0.split(separator: ";").first.map(String.init) }
        if !kept.isEmpty { cookie = kept.joined(separator: "; ") }
        return Answer(
            status: response.status.code,
            type: response.headers[.contentType] ?? "",
            text: String(decoding: writer.bytes, as: UTF8.self),
            cookies: cookies
        )
    }

    /// Scans as the page's script does.
    mutating func scan(_ text: String, request: String = "") async throws -> Answer {
        let body = try JSONEncoder().encode(["text": text, "request": request])
        return try await send(.post, "/scan", body: Array(body))
    }
}

/// Keeps what a response writes.
private final class Collected: ResponseBodyWriter {
    private(set) var bytes: [UInt8] = []

    func write(_ buffer: ByteBuffer) { bytes += Array(buffer: buffer) }

    func finish(_ trailingHeaders: HTTPFields?) {}
}

/// A clock that stands still, so that pages can be compared.
private struct StoppedClock: Tally.Clock {
    let now: Moment

    func reading() -> ClockReading {
        ClockReading(wall: now, boot: 3, monotonicMilliseconds: 1)
    }
}

/// A store in memory, as the shell wants one.
///
/// `@unchecked`: the store is used behind the lock only.
private final class SharedStore: AsyncReplicaStore, @unchecked Sendable {
    private let store: MemoryStore
    private let lock = Mutex(())

    init(_ store: MemoryStore) { self.store = store }

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
