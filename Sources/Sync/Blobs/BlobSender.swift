import Tally

/// Says what a terminal does next to give the hub its blobs: a pure state machine.
///
/// A round takes the blobs that the hub has not said it has, previews first. It asks how much of
/// each the hub holds, a page of blobs at a time, and sends from there on. When a request fails the
/// terminal cannot know how much of it arrived, so it asks again: what arrived is never sent twice.
public struct BlobSender: Sendable {
    /// What to do next.
    public enum Step: Hashable, Sendable {
        /// Ask how much of these the hub has.
        case offer([BlobManifest])
        /// Send bytes of a blob.
        case send(ContentHash, offset: Int, count: Int)
        /// The hub has, or refuses for now, all that this round is about.
        case done
    }

    /// Blobs asked about in one offer.
    private static let pageCount = 16

    /// Not asked about yet.
    private var waiting: ArraySlice<BlobManifest>
    /// Asked about, and how much the hub has; nil while the answer is out or not known any more.
    private var page: [(manifest: BlobManifest, received: Int?)] = []
    private var pace: BlobPace

    /// - Parameters:
    ///   - unsent: ``BlobShelf/unsent(epoch:)``.
    ///   - pace: as the round before left it.
    public init(_ unsent: [BlobManifest], pace: BlobPace = BlobPace()) {
        waiting = unsent[...]
        self.pace = pace
    }

    /// The pace that this round has come to.
    public var paceNow: BlobPace { pace }

    /// What to do now.
    public mutating func nextStep() -> Step {
        if page.isEmpty {
            page = waiting.prefix(Self.pageCount).map { ($0, nil) }
            waiting = waiting.dropFirst(Self.pageCount)
        }
        guard let first = page.first else { return .done }
        guard let received = first.received else {
            return .offer(page.filter { $0.received == nil }.map(\.manifest))
        }
        let count = min(pace.count, first.manifest.length - received)
        return .send(first.manifest.id, offset: received, count: count)
    }

    /// The hub's answer to an offer, or to bytes that were sent.
    ///
    /// - Parameters:
    ///   - holdings: what it says of each.
    ///   - bytesMoved: how many bytes the request carried; 0 for an offer.
    ///   - milliseconds: how long the request took.
    /// - Returns: the blobs of which the hub now has everything.
    public mutating func answered(
        _ holdings: [BlobHolding],
        bytesMoved: Int = 0,
        milliseconds: UInt64 = 0
    ) -> [ContentHash] {
        if bytesMoved > 0 { pace.moved(bytesMoved, milliseconds: milliseconds) }
        var complete: [ContentHash] = []
        for holding in holdings {
            guard let index = page.firstIndex(where: { $0.manifest.id == holding.id }) else {
                continue
            }
            if holding.isComplete { complete.append(holding.id) }
            let isOver = holding.received >= page[index].manifest.length
            if holding.isComplete || isOver || !holding.reason.isEmpty {
                page.remove(at: index)
            } else {
                page[index].received = holding.received
            }
        }
        // What the hub did not speak of is asked about again in the next round.
        if bytesMoved == 0 { page.removeAll { $0.received == nil } }
        return complete
    }

    /// The request had no answer: how much of the first blob has arrived is not known any more.
    public mutating func failed() {
        pace.failed()
        if !page.isEmpty { page[0].received = nil }
    }
}
