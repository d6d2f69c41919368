import Agent
import AsyncHTTPClient
import Foundation
import Logging
import ServiceLifecycle
import Sync
import Synchronization
import Tally

/// Moves photos between a terminal and its hub, until the daemon stops: up what the hub lacks, down
/// what somebody here wants to see.
///
/// Records go first: while any waits for the hub, no picture is moved.
public final class BlobPump: Service {
    /// Rest when there is nothing to move, and between tries, in milliseconds.
    private static let restMilliseconds = 500
    private static let retryMillisecondsMax = 30_000

    /// What was moved since the start.
    public struct Figures: Hashable, Sendable {
        /// Bytes of content sent, those sent twice counted twice.
        public var bytesSent = 0
        /// Blobs that the hub said it has whole.
        public var sent = 0
        public var fetched = 0
        /// Requests with bytes of content that were answered.
        public var answers = 0
    }

    private let shell: TerminalShell
    private let desk: BlobDesk
    private let link: HTTPBlobLink
    private let logger: Logger
    private let moved = Mutex(Figures())
    private let wanted = Mutex<[Wish]>([])

    /// - Parameters:
    ///   - shell: the terminal.
    ///   - desk: its blobs.
    ///   - hub: the hub's address.
    ///   - client: gives the client with which to speak to the hub, or throws why there is none.
    ///   - logger: where to tell of what cannot be moved.
    public init(
        _ shell: TerminalShell,
        desk: BlobDesk,
        hub: URL,
        client: @escaping @Sendable () async throws -> HTTPClient,
        logger: Logger
    ) {
        self.shell = shell
        self.desk = desk
        link = HTTPBlobLink(hub: hub, client: client)
        self.logger = logger
    }

    /// What was moved since the start.
    public var figures: Figures { moved.withLock { $0 } }

    /// A blob that somebody here wants to see.
    private struct Wish: Hashable {
        let id: ContentHash
        /// A small picture will do, where there is one.
        let isPreview: Bool
    }

    /// Asks for a blob that is not here; it comes when the hub can be reached and has it.
    ///
    /// - Parameters:
    ///   - id: the blob.
    ///   - isPreview: only its small picture is wanted; the blob itself comes when it has none.
    public func want(_ id: ContentHash, isPreview: Bool = false) {
        let wish = Wish(id: id, isPreview: isPreview)
        wanted.withLock { wanted in
            if !wanted.contains(wish), wanted.count < BlobOffer.countMax { wanted.append(wish) }
        }
    }

    /// Runs until the daemon is asked to stop; what is not moved then is after the next start.
    public func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.move() }
            try await gracefulShutdown()
            group.cancelAll()
        }
    }

    private func move() async throws {
        var pace = BlobPace()
        var failures = 0
        while !Task.isCancelled {
            let before = figures
            do {
                if try await shell.status().unsynced == 0, let epoch = try await shell.epoch() {
                    try await send(&pace, epoch)
                    try await fetch(&pace, epoch)
                    try await letGo(epoch)
                }
                failures = 0
            } catch {
                if failures == 0 {
                    logger.debug("photos wait here", metadata: ["error": "\(error)"])
                }
                // A link on which something moved between two failures is bad, not down.
                failures = figures == before ? min(failures + 1, 6) : 0
            }
            let wait = min(Self.restMilliseconds << failures, Self.retryMillisecondsMax)
            // Cancelled only when the daemon ends, which the loop sees.
            try? await Task.sleep(for: .milliseconds(wait))
        }
    }

    /// Makes room on a disk that has none by letting go of what the hub has.
    private func letGo(_ epoch: UInt64) async throws {
        let gone = try await desk.makeRoom(epoch: epoch)
        if gone > 0 {
            logger.notice(
                "photos that the hub has were let go, since the disk is getting full",
                metadata: ["photos": "\(gone)"]
            )
        }
    }

    private func send(_ pace: inout BlobPace, _ epoch: UInt64) async throws {
        var sender = BlobSender(try await desk.run { $0.unsent(epoch: epoch) }, pace: pace)
        defer { pace = sender.paceNow }
        do {
            while !Task.isCancelled, try await send(&sender, epoch) {}
        } catch {
            sender.failed()
            throw error
        }
    }

    /// One step of a round.
    ///
    /// - Returns: whether there is another.
    private func send(_ sender: inout BlobSender, _ epoch: UInt64) async throws -> Bool {
        let replica = shell.replica
        switch sender.nextStep() {
        case .done: return false
        case .offer(let manifests):
            let holdings = try await link.offer(try BlobOffer(manifests, by: replica))
            try await note(sender.answered(holdings.items), holdings, epoch)
            return true
        case .send(let id, let offset, let count):
            let bytes = try await desk.run { try $0.read(id, at: offset, count: count) }
            let part = try BlobPart(.put, id, offset: offset, count: bytes.count, by: replica)
            let start = ContinuousClock.now
            moved.withLock { $0.bytesSent += bytes.count }
            let holdings = try await link.put(bytes, part)
            let spent = (ContinuousClock.now - start) / .milliseconds(1)
            let complete = sender.answered(
                holdings.items,
                bytesMoved: bytes.count,
                milliseconds: UInt64(spent)
            )
            moved.withLock { $0.answers += 1 }
            try await note(complete, holdings, epoch)
            // A record that came meanwhile goes first.
            return try await shell.status().unsynced == 0
        }
    }

    private func note(
        _ complete: [ContentHash],
        _ holdings: BlobHoldings,
        _ epoch: UInt64
    ) async throws {
        // A hub of another epoch is not the one that this terminal knows; its records come first.
        guard holdings.epoch == epoch else { throw SyncRefusal.malformed }
        try await desk.run { shelf in
            for id in complete { try shelf.noteHeld(id, epoch: epoch) }
        }
        moved.withLock { $0.sent += complete.count }
    }

    /// Without the originals of which only a small picture is wanted, where there is one.
    private static func asked(
        _ manifests: [BlobManifest],
        _ whole: Set<ContentHash>
    ) -> [BlobManifest] {
        let small = Set(manifests.compactMap(\.previewOf))
        return manifests.filter { whole.contains($0.id) || !small.contains($0.id) }
    }

    private func fetch(_ pace: inout BlobPace, _ epoch: UInt64) async throws {
        let wishes = wanted.withLock { $0 }
        guard !wishes.isEmpty, desk.roomLeft else { return }
        var fetcher = BlobFetcher(Array(Set(wishes.map(\.id))), pace: pace)
        defer { pace = fetcher.paceNow }
        do {
            let whole = Set(wishes.filter { !$0.isPreview }.map(\.id))
            var idle = 0
            while !Task.isCancelled, try await fetch(&fetcher, whole, &idle, epoch) {}
        } catch {
            fetcher.failed()
            throw error
        }
        if !Task.isCancelled { wanted.withLock { $0.removeAll(where: wishes.contains) } }
    }

    /// One step of a round.
    ///
    /// - Returns: whether there is another.
    private func fetch(
        _ fetcher: inout BlobFetcher,
        _ whole: Set<ContentHash>,
        _ idle: inout Int,
        _ epoch: UInt64
    ) async throws -> Bool {
        let replica = shell.replica
        switch fetcher.nextStep() {
        case .done: return false
        case .find(let asked):
            let found = try await link.find(try BlobQuery(asked, by: replica))
            let holdings = try await desk.run { shelf in
                try Self.asked(found.manifests, whole).map { ($0, try shelf.expect($0)) }
            }
            fetcher.found(asked, holdings)
        case .fetch(let id, let offset, let count):
            let part = try BlobPart(.get, id, offset: offset, count: count, by: replica)
            let start = ContinuousClock.now
            let got = Mutex(0)
            try await link.get(part) { bytes, offset in
                got.withLock { $0 += bytes.count }
                _ = try await desk.run { try $0.take(bytes, of: id, at: offset) }
            }
            let holding = try await desk.run { shelf in
                let holding = try shelf.holding(id)
                if holding.isComplete { try shelf.noteHeld(id, epoch: epoch) }
                return holding
            }
            let spent = (ContinuousClock.now - start) / .milliseconds(1)
            fetcher.received(
                holding,
                bytesMoved: got.withLock { $0 },
                milliseconds: UInt64(spent)
            )
            moved.withLock { figures in
                figures.answers += 1
                if holding.isComplete { figures.fetched += 1 }
            }
            // Bytes that come and are not what the name says: something between is broken.
            idle = holding.received > offset ? 0 : idle + 1
            if idle >= 3 { fetcher.gaveUp(id) }
        }
        return true
    }
}
