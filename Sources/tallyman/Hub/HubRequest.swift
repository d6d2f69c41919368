import Connectors
import Foundation
import Hub

/// What the commands ask a hub's daemon, as JSON over its control socket.
enum HubRequest: Codable, Sendable {
    case status
    case addSite(String)
    case enroll(site: String, name: String)
    case importFile(name: String, content: Data)
    case forms
    case publishForm(name: String, content: Data)
    case rollBackForm(code: String, to: Int?)
    case orders
    case settle(order: String, ruling: String, one: String?, other: String?, worker: String)
    case settleNotes(order: String, opening: String, worker: String)
    case makeNote(json: Data, worker: String)
    case suppliers
    case takeUnsigned(supplier: String, takes: Bool)
    case keys(supplier: String?)
    case rotateKey(supplier: String)
    case revokeKey(supplier: String, key: String)
    case why(order: String)
    case routeException(RouteQuestion)
    case eightD(report: String, language: String)
    case keptAside(all: Bool)
    case release(ticket: UInt64, worker: String)
    case dismiss(ticket: UInt64, reason: String, worker: String)
    case terminals
    case revoke(String)
    case move(terminal: String, site: String)
    case resume
    case outbox(target: String?, states: [String], limit: Int)
    case replayOutbox(target: String?, key: String?)
    case outboxTargets
    case verify
    case backup(path: String)
}

extension HubRequest {
    /// Whether the request may be the first that a new data folder sees; one that only looks must
    /// not make an empty hub of a mistyped path.
    var mayFoundHub: Bool {
        switch self {
        case .addSite, .importFile, .publishForm: true
        case .status, .enroll, .orders, .settle, .makeNote, .why, .verify, .backup, .keys,
            .rotateKey, .revokeKey, .settleNotes, .suppliers, .takeUnsigned:
            false
        case .keptAside, .release, .dismiss, .terminals, .revoke, .move, .resume: false
        case .forms, .rollBackForm, .routeException, .eightD: false
        case .outbox, .replayOutbox, .outboxTargets: false
        }
    }
}

/// What the hub answers.
enum HubAnswer: Codable, Sendable {
    struct Status: Codable, Sendable {
        let address: String
        let epoch: String
        let sites: [String]
        /// By scope: the last position and the digest.
        let scopes: [String: ScopeState]
        /// By scope: what was found damaged and mended.
        let care: [String: ScopeCare]
        let outbox: Int
    }

    struct ScopeState: Codable, Hashable, Sendable {
        let position: UInt64
        let digest: String
    }

    struct Orders: Codable, Sendable {
        let arrivalOrders: [ArrivalOrderView]
        let maintenanceOrders: [MaintenanceOrderView]
        let exceptions: [ExceptionReportView]
    }

    case status(Status)
    case done
    case code(String)
    case imported(ImportReport)
    case forms([FormView])
    case orders(Orders)
    case note(text: String)
    case keys([SupplierKeyView])
    case suppliers([SupplierView])
    case observations([ObservationView])
    case route(RouteView)
    case page(String)
    case keptAside([KeptView])
    case released(verdict: String)
    case terminals([TerminalView])
    case deliveries([DeliveryView])
    case replayed(Int)
    case targets([TargetView])
    case verified(VerifyAnswer)
    case backedUp(path: String, bytes: Int, photos: PhotosAnswer?)
}
