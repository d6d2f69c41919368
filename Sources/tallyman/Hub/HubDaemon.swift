import Connectors
import Foundation
import Hub
import Hummingbird
import Ledger
import LedgerPostgres
import Logging
import Tally
import Web

/// The hub's daemon.
struct HubDaemon {
    let place: HubPlace
    let listen: ListenAddress
    /// Over TLS even where nobody else can listen in.
    let isSecure: Bool

    func run() async throws {
        let logger = Daemon.logger("tallyman.hub")
        let address = AddressBox()
        // A broken file is told before anything is opened.
        let targets = try place.outboxTargets()
        let desk = try await HubDesk.open(place, serving: targets) { address.text }
        let folder = place.folder
        let shell = desk.shell
        desk.postgres?.listen { shell.noticeChange() }
        let authority = try await desk.authority()
        var daemon = Daemon(
            name: "hub",
            listen: listen,
            controlSocket: ControlSocket.path(of: folder),
            logger: logger,
            address: address
        )
        if isSecure || !HubDoor.isLoopback(listen.host) {
            daemon.server = try authority.server(names: HostNames.all(with: listen.host))
        }
        let pages = Router()
        AuthorityRoute(authority).add(to: pages)
        SyncRoutes(hub: desk.shell, compressor: BodyCompression.compressor).add(to: pages)
        let blobs = try BlobDesk {
            if let postgres = desk.postgres { return PostgresBlobs(in: postgres) }
            return BlobFolder(DataFolder.blobs(of: folder))
        }
        BlobRoutes(hub: desk.shell, desk: blobs).add(to: pages)
        PhotoRoutes(blobs).addShowing(to: pages)
        HealthRoutes(
            health: { try await Self.health(desk) },
            metrics: { try await Self.metrics(desk) }
        ).add(to: pages)
        let description = Array(try Texts.folder().content("API/openapi.yaml"))
        HubAPIRoutes(desk.shell, description: description).add(to: pages)
        let callbacks = CallbackDesk(targets)
        CallbackRoutes { call in
            let now = try MachineClock().reading().wall
            let word = try callbacks.word(
                from: call.target,
                call.body,
                timestamp: call.timestamp,
                signature: call.signature,
                now: now
            )
            return try await desk.outbox.hear(word, now: now)
        }.add(to: pages)
        let control = Router()
        Control.routes { (request: HubRequest) in try await desk.answer(request) }.add(to: control)
        try await daemon.run(
            pages: pages,
            control: control,
            services: [
                HubCaretaker(shell: desk.shell, logger: logger),
                OutboxService(desk: desk, targets: targets, logger: logger),
            ]
        )
    }

    private static func health(_ desk: HubDesk) async throws -> [UInt8] {
        struct Health: Encodable {
            let status = "ok"
            let epoch: String
            let outbox: Int
            let waiting: Int
        }
        let status = try await desk.shell.status()
        let health = Health(
            epoch: String(status.epoch, radix: 16),
            outbox: status.outbox,
            waiting: status.waiting
        )
        return Array(try JSONEncoder().encode(health))
    }

    private static func metrics(_ desk: HubDesk) async throws -> [Metric] {
        let status = try await desk.shell.status()
        return [
            Metric(
                "tallyman_scope_position",
                "The last position in the hub's order of a scope.",
                type: "counter",
                status.scopes.map { .init(Double($0.head), ["scope": $0.scope.description]) }
            ),
            Metric(
                "tallyman_outbox_messages",
                "Messages that wait for a connector, up to 1000.",
                [.init(Double(status.outbox))]
            ),
            Metric(
                "tallyman_waiting_operations",
                "Operations that wait for a newer program, up to 1000.",
                [.init(Double(status.waiting))]
            ),
            ProcessMetrics.resident(),
        ] + ScopeCare.metrics(HubDesk.care(status)) + (try await desk.outboxMetrics())
    }
}
