import Agent
import Drivers
import Foundation
import Hub
import Ledger
import Sync
import Tally
import Web

/// Answers what is asked of a terminal.
struct AgentDesk: Sendable {
    let shell: TerminalShell
    let store: LedgerStore
    let printing: PrintDesk
    let devices: TerminalDevices
    let rules: CodeRuleWatch
    /// Where the page is served, and whether the hub is reachable.
    let now: @Sendable () -> (address: String, isConnected: Bool)

    func answer(_ request: AgentRequest) async throws -> AgentAnswer {
        switch request {
        case .status:
            return .status(try await status())
        case .verify:
            let reducer = Reducer(PlantVocabulary.all)
            return .verified(
                VerifyAnswer(
                    try store.verify(reducer, compressor: NoteCompression.compressor),
                    photos: try BlobCopies.check(store.blobs)
                )
            )
        case .journal:
            return .journal(JournalAnswer(try store.journalReport()))
        case .backup(let path):
            let report = try await store.backup(to: path)
            let photos = try await store.backupBlobs(besideBackup: path)
            return .backedUp(
                path: report.path,
                bytes: report.byteCount,
                photos: PhotosAnswer(photos)
            )
        case .print(let request):
            return .print(try await printing.answer(request))
        }
    }

    func status() async throws -> AgentAnswer.Status {
        let status = try await shell.status()
        let (address, isConnected) = now()
        let scopes = status.scopes.map { scope in
            (
                scope.scope.description,
                HubAnswer.ScopeState(
                    position: scope.position,
                    digest: scope.digest.description
                )
            )
        }
        return AgentAnswer.Status(
            address: address,
            name: status.name,
            site: status.site,
            connected: isConnected,
            unsynced: status.unsynced,
            unsyncedSince: status.unsyncedSince?.description,
            scopes: Dictionary(scopes) { first, _ in first },
            care: Dictionary(
                status.scopes.map { scope in
                    (
                        scope.scope.description,
                        ScopeCare(
                            position: scope.position,
                            head: scope.head,
                            health: scope.health,
                            scope.repair
                        )
                    )
                }
            ) { first, _ in first },
            repairs: status.scopes.reduce(0) { $0 + $1.repair.repairs },
            devices: devices.statuses.map(AgentAnswer.Device.init),
            room: "\(status.store.roomLeft)",
            damage: status.store.damage.map {
                AgentAnswer.Damage(
                    finding: $0.finding.rawValue,
                    found: $0.found.description,
                    detail: $0.detail,
                    movedTo: $0.movedTo,
                    recovered: $0.recovered
                )
            },
            failing: status.store.isFailing
        )
    }

    func health() async throws -> [UInt8] {
        struct Health: Encodable {
            /// `failing`: nothing can be saved; `degraded`: see `room` and `damage`.
            let status: String
            let enrolled: Bool
            let connected: Bool
            let unsynced: Int
            let unsyncedSince: String?
            let devices: [AgentAnswer.Device]
            let room: String
            let damage: String?
            let codeRules: CodeRuleWatch.Standing
        }
        let status = try await status()
        let isFailing = status.failing || status.room == "\(RoomLeft.none)"
        let isWell = status.room == "\(RoomLeft.all)"
        let health = Health(
            status: isFailing ? "failing" : isWell ? "ok" : "degraded",
            enrolled: status.name != nil,
            connected: status.connected,
            unsynced: status.unsynced,
            unsyncedSince: status.unsyncedSince,
            devices: status.devices,
            room: status.room,
            damage: status.damage.map { "\($0.finding) \($0.found)" },
            codeRules: rules.standing
        )
        return Array(try JSONEncoder().encode(health))
    }

    private func room(_ status: AgentAnswer.Status) -> RoomLeft {
        RoomLeft.allCases.first { "\($0)" == status.room } ?? .all
    }

    func metrics() async throws -> [Metric] {
        let status = try await status()
        return [
            Metric(
                "tallyman_unsynced_operations",
                "Operations that the hub has not acknowledged.",
                [.init(Double(status.unsynced))]
            ),
            Metric(
                "tallyman_hub_connected",
                "Whether the last exchange with the hub succeeded.",
                [.init(status.connected ? 1 : 0)]
            ),
            Metric(
                "tallyman_scope_position",
                "The position in the hub's order of a scope that is seen here.",
                type: "counter",
                status.scopes.map { .init(Double($0.value.position), ["scope": $0.key]) }
                    .sorted { $0.labels["scope"] ?? "" < $1.labels["scope"] ?? "" }
            ),
            Metric(
                "tallyman_repairs_total",
                "Times that the state differed from the hub's and was repaired.",
                type: "counter",
                [.init(Double(status.repairs))]
            ),
            Metric(
                "tallyman_store_room",
                "What the disk has room for: 3 all, 2 no photos, 1 no views, 0 nothing.",
                [.init(Double(room(status).rawValue))]
            ),
            Metric(
                "tallyman_store_damaged",
                "Whether the store was ever found damaged and mended.",
                [.init(status.damage == nil ? 0 : 1)]
            ),
            ProcessMetrics.resident(),
        ] + ScopeCare.metrics(status.care) + DeviceMetrics.all(devices.statuses)
    }
}
