import Tally

/// Says what a terminal does next to fetch blobs from the hub: a pure state machine.
public struct BlobFetcher: Sendable {
    /// What to do next.
    public enum Step: Hashable, Sendable {
        /// Ask what these are.
        case find([ContentHash])
        /// Ask for bytes of a blob.
        case fetch(ContentHash, offset: Int, count: Int)
        case done
    }

    private var unknown: [ContentHash]
    /// What is to come, previews first, and how much of it is here.
    private var coming: [(manifest: BlobManifest, received: Int)] = []
    private var pace: BlobPace

    /// - Parameters:
    ///   - wanted: the blobs to fetch.
    ///   - pace: as the round before left it.
    public init(_ wanted: [ContentHash], pace: BlobPace = BlobPace()) {
        unknown = wanted
        self.pace = pace
    }

    /// The pace that this round has come to.
    public var paceNow: BlobPace { pace }

    /// What to do now.
    public func nextStep() -> Step {
        if !unknown.isEmpty { return .find(Array(unknown.prefix(BlobOffer.countMax))) }
        guard let first = coming.first else { return .done }
        let count = min(pace.count, first.manifest.length - first.received)
        return .fetch(first.manifest.id, offset: first.received, count: count)
    }

    /// The hub's answer to what was asked about.
    ///
    /// - Parameters:
    ///   - asked: what was asked about; those without a manifest the hub does not have yet.
    ///   - holdings: each blob that is to come, and how much of it is here.
    public mutating func found(
        _ asked: [ContentHash],
        _ holdings: [(BlobManifest, BlobHolding)]
    ) {
        unknown.removeAll(where: asked.contains)
        for (manifest, holding) in holdings where !holding.isComplete {
            guard !coming.contains(where: { $0.manifest.id == manifest.id }) else { continue }
            coming.append((manifest, holding.received))
        }
        coming.sort { ($0.manifest.previewOf != nil) && ($1.manifest.previewOf == nil) }
    }

    /// Bytes came, all that were asked for or not.
    public mutating func received(
        _ holding: BlobHolding,
        bytesMoved: Int,
        milliseconds: UInt64
    ) {
        if bytesMoved > 0 { pace.moved(bytesMoved, milliseconds: milliseconds) }
        guard let index = coming.firstIndex(where: { $0.manifest.id == holding.id }) else { return }
        if holding.isComplete {
            coming.remove(at: index)
        } else {
            coming[index].received = holding.received
        }
    }

    /// The hub does not have it any more, or its bytes are not what its name says.
    public mutating func gaveUp(_ id: ContentHash) {
        coming.removeAll { $0.manifest.id == id }
        unknown.removeAll { $0 == id }
    }

    /// The request failed; what arrived of it is told by ``received(_:bytesMoved:milliseconds:)``.
    public mutating func failed() { pace.failed() }
}
