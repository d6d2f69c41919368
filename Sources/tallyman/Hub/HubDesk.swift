import Connectors
import Codes
import Foundation
import Hub
import Ledger
import LedgerPostgres
import Receiving
import Sync
import Tally
import Web
import Workforce

/// Answers what the commands ask of a hub: in the daemon or, where none runs, in the command.
struct HubDesk: Sendable {
    let shell: HubShell
    let store: any AsyncReplicaStore
    /// The store, when it is a file in the data folder.
    let ledger: LedgerStore?
    /// The store, when other processes may share it.
    let postgres: PostgresStore?
    /// Where the hub's pages are served; empty when no daemon runs.
    let address: @Sendable () -> String
    let place: HubPlace
    /// Who is told of decisions, where a daemon runs; nil elsewhere.
    let served: [OutboxTarget]?

    /// Opens the hub of a data folder, which this process then owns.
    static func open(
        _ place: HubPlace,
        serving targets: [OutboxTarget]? = nil,
        address: @escaping @Sendable () -> String = { "" }
    ) async throws -> HubDesk {
        let data = try DataFolder(place.folder)
        let ledger: LedgerStore?
        let postgres: PostgresStore?
        let shelf: any PieceShelf
        if let database = try place.address() {
            let opened = try PostgresStore(database)
            (ledger, postgres, shelf) = (nil, opened, PostgresPieces(in: opened))
        } else {
            (ledger, postgres) = (try LedgerStore(data), nil)
            shelf = try PieceFolder(in: data)
        }
        guard let store: any AsyncReplicaStore = postgres ?? ledger else {
            preconditionFailure("one of both was opened")
        }
        let shell = try await HubShell(
            store: store,
            compressor: NoteCompression.compressor,
            clock: try MachineClock(),
            dice: SystemDice(),
            shelf: shelf
        )
        try await data.keepOwner(of: store, at: postgres?.address.name)
        if postgres != nil { try place.remember() }
        return HubDesk(
            shell: shell,
            store: store,
            ledger: ledger,
            postgres: postgres,
            address: address,
            place: place,
            served: targets
        )
    }

    func answer(_ request: HubRequest) async throws -> HubAnswer {
        switch request {
        case .status: return .status(try await status())
        case .addSite(let name):
            try await shell.write { _, _, _, transaction in
                try HubNode.addSite(name, in: transaction)
            }
            return .done
        case .enroll(let site, let name):
            let token = try await shell.write { _, dice, reading, transaction in
                EnrolmentToken(
                    code: try HubNode.offerEnrolment(
                        site: site,
                        name: name,
                        now: reading.wall,
                        dice: &dice,
                        in: transaction
                    ),
                    pin: try HubAuthority.kept(in: transaction).pin
                )
            }
            return .code(token.text)
        case .importFile(let name, let content):
            return .imported(try await importFile(name, Array(content)))
        case .forms: return .forms(try await forms())
        case .publishForm(let name, let content):
            return .forms(try await publishForm(name, Array(content)))
        case .rollBackForm(let code, let version):
            return .forms(try await rollBackForm(code, to: version))
        case .orders: return .orders(try await orders())
        case .settle(let order, let ruling, let one, let other, let worker):
            try await settle(order, ruling, one, other, by: worker)
            return .done
        case .settleNotes(let order, let opening, let worker):
            try await settleNotes(order, opening, by: worker)
            return .done
        case .suppliers, .takeUnsigned:
            return .suppliers(try await suppliers(request))
        case .makeNote(let json, let worker):
            return .note(text: try await makeNote(Array(json), by: worker))
        case .keys, .rotateKey, .revokeKey:
            return .keys(try await keys(request).map(SupplierKeyView.init))
        case .why(let order):
            return .observations(try await shell.read { try $0.why(order, in: $1) })
        case .routeException, .eightD: return try await answerExceptions(request)
        case .keptAside, .release, .dismiss, .terminals, .revoke, .move, .resume:
            return try await answerIntake(request)
        case .outbox, .replayOutbox, .outboxTargets: return try await answerOutbox(request)
        case .verify: return .verified(try await verified())
        case .backup(let path): return try await backUp(to: path)
        }
    }

    /// What vouches for this hub; made when it is first asked for.
    func authority() async throws -> HubAuthority {
        try await store.write { try HubAuthority.kept(in: $0) }
    }

    /// How the hub's state of each scope stands.
    static func care(_ status: HubShell.Status) -> [String: ScopeCare] {
        let scopes = status.scopes.map { scope in
            (
                scope.scope.description,
                ScopeCare(position: scope.head, head: scope.head, health: nil, scope.repair)
            )
        }
        return Dictionary(scopes) { first, _ in first }
    }

    private func status() async throws -> HubAnswer.Status {
        let status = try await shell.status()
        let scopes = status.scopes.map { scope in
            (
                scope.scope.description,
                HubAnswer.ScopeState(position: scope.head, digest: scope.digest.description)
            )
        }
        return HubAnswer.Status(
            address: address(),
            epoch: String(status.epoch, radix: 16),
            sites: status.sites,
            scopes: Dictionary(scopes) { first, _ in first },
            care: Self.care(status),
            outbox: status.outbox
        )
    }

    private func orders() async throws -> HubAnswer.Orders {
        try await shell.read { node, reading in
            HubAnswer.Orders(
                arrivalOrders: try node.arrivalOrders(in: reading),
                maintenanceOrders: try node.maintenanceOrders(in: reading),
                exceptions: try node.exceptionReports(in: reading)
            )
        }
    }

    private func keys(_ request: HubRequest) async throws -> [SupplierKey] {
        switch request {
        case .rotateKey(let supplier):
            return try await shell.write { node, dice, reading, transaction in
                try node.rotateKey(of: supplier, reading: reading, dice: &dice, in: transaction)
            }
        case .revokeKey(let supplier, let key):
            return try await shell.write { node, dice, reading, transaction in
                try node.revokeKey(
                    key,
                    of: supplier,
                    reading: reading,
                    dice: &dice,
                    in: transaction
                )
            }
        case .keys(let supplier):
            return try await shell.read { try $0.supplierKeys(of: supplier, in: $1) }
        default:
            preconditionFailure("\(request) is not about keys")
        }
    }

    private func makeNote(_ json: [UInt8], by worker: String) async throws -> String {
        try await shell.write { node, dice, reading, transaction in
            try node.makeNote(
                try NoteContent(json: json, now: reading.wall),
                by: worker,
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
    }
}
