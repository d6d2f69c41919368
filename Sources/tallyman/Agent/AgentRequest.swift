import Foundation

/// What the commands ask a terminal's daemon, as JSON over its control socket.
enum AgentRequest: Codable, Sendable {
    case status
    case verify
    case journal
    case backup(path: String)
    case print(PrintRequest)
}

/// What the terminal answers.
enum AgentAnswer: Codable, Sendable {
    struct Status: Codable, Sendable {
        let address: String
        let name: String?
        let site: String?
        let connected: Bool
        let unsynced: Int
        let unsyncedSince: String?
        /// By scope: the position seen and the digest.
        let scopes: [String: HubAnswer.ScopeState]
        /// By scope: how it compares with the hub's, what was found damaged and mended.
        let care: [String: ScopeCare]
        let repairs: UInt64
        let devices: [Device]
        /// `all`, `noPhotos`, `noViews` or `none`.
        let room: String
        let damage: Damage?
        /// Whether the store cannot be written.
        let failing: Bool
    }

    /// A device of the terminal.
    struct Device: Codable, Sendable {
        let name: String
        let model: String
        let port: String
        let state: String
        /// Why it is not ready, in words.
        let trouble: String?
        let scans: UInt64
        let losses: [String: UInt64]
    }

    /// The last damage of the store that was mended.
    struct Damage: Codable, Sendable {
        let finding: String
        let found: String
        let detail: String
        let movedTo: String?
        let recovered: Int
    }

    case status(Status)
    case verified(VerifyAnswer)
    case journal(JournalAnswer)
    case backedUp(path: String, bytes: Int, photos: PhotosAnswer?)
    case print(PrintAnswer)
}
