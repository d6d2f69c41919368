import Agent
import Ledger
import Logging
import ServiceLifecycle
import Tally

/// Looks after a terminal's store while the daemon runs.
struct StoreCaretaker: Service {
    private let store: LedgerStore
    private let shell: TerminalShell
    private let historyKept: Int64
    private let logger: Logger

    /// How often it looks whether anything is due; most looks cost one question to the disk.
    private static let pause = Duration.seconds(20)
    /// How often old history is let go.
    private static let round = Duration.seconds(86_400)

    /// - Parameters:
    ///   - store: the terminal's.
    ///   - shell: the terminal.
    ///   - historyKept: the age of the history that stays, in milliseconds.
    ///   - logger: told what cannot be done.
    init(_ store: LedgerStore, _ shell: TerminalShell, historyKept: Int64, _ logger: Logger) {
        self.store = store
        self.shell = shell
        self.historyKept = historyKept
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var nextRound = ContinuousClock.now
            while !Task.isCancelled {
                // Cancelled only when the daemon ends, which the loop sees.
                try? await Task.sleep(for: Self.pause)
                if Task.isCancelled { return }
                do {
                    try await store.care()
                    if ContinuousClock.now >= nextRound {
                        // First, so that a state which is being repaired is not packed in vain
                        // every twenty seconds.
                        nextRound = ContinuousClock.now + Self.round
                        try await shell.letGoOfHistory(kept: historyKept)
                    }
                } catch {
                    logger.warning(
                        "the terminal's store cannot be looked after; look at its disk",
                        metadata: ["error": "\(Output.words(error))"]
                    )
                }
            }
        }
    }

    /// Tells the operator what happened to a store.
    static func tell(_ event: LedgerEvent, _ logger: Logger) {
        switch event {
        case .damage(let damage):
            logger.error(
                "the store was damaged and is mended; check the disk, keep the damaged files",
                metadata: [
                    "damage.finding": "\(damage.finding.rawValue)",
                    "damage.detail": "\(damage.detail)",
                    "damage.recovered": "\(damage.recovered)",
                    "damage.folder": "\(damage.movedTo ?? "-")",
                ]
            )
        case .room(.all):
            logger.notice("the disk has room again")
        case .room(let room):
            logger.warning(
                "the disk is getting full; free some space",
                metadata: ["room.left": "\(room)"]
            )
        case .failing(let detail):
            logger.error(
                "the store cannot be written; nothing is called saved; check the disk",
                metadata: ["error": "\(detail)"]
            )
        case .recovered:
            logger.notice("the store is written again")
        }
    }
}
