import Tally

// The hub's side of `blobs.proto`. Who may send and fetch is asked of the store; the bytes are the
// shelf's.

extension HubReplica {
    /// Lets in a terminal that sends or fetches bytes, by the signature of its request.
    ///
    /// - Parameters:
    ///   - part: what stood in the request's path and headers.
    ///   - verb: which way the bytes go.
    ///   - reading: the hub's store.
    /// - Returns: the hub's epoch.
    /// - Throws: ``SyncRefusal`` when the terminal is not known or did not sign this.
    public func admit(
        _ part: BlobPart,
        _ verb: BlobPart.Verb,
        in reading: any ReplicaReading
    ) throws -> UInt64 {
        try part.check(verb, by: try Self.terminal(part.replica, in: reading).publicKey)
        return try Self.epoch(in: reading)
    }

    /// Lets in a terminal that offers blobs; like ``admit(_:_:in:)``.
    public func admit(_ offer: BlobOffer, in reading: any ReplicaReading) throws -> UInt64 {
        try offer.check(by: try Self.terminal(offer.replica, in: reading).publicKey)
        return try Self.epoch(in: reading)
    }

    /// Lets in a terminal that asks about blobs; like ``admit(_:_:in:)``.
    public func admit(_ query: BlobQuery, in reading: any ReplicaReading) throws -> UInt64 {
        try query.check(by: try Self.terminal(query.replica, in: reading).publicKey)
        return try Self.epoch(in: reading)
    }

    /// Answers an offer that was let in: how much of each blob the hub has.
    ///
    /// - Parameters:
    ///   - offer: what a terminal has.
    ///   - epoch: the hub's.
    ///   - shelf: the hub's blobs; it expects those that are new to it.
    ///   - hasRoom: whether the disk has room for blobs.
    /// - Returns: the answer, one holding a manifest.
    /// - Throws: what the shelf's store throws.
    public static func answer(
        _ offer: BlobOffer,
        epoch: UInt64,
        shelf: BlobShelf,
        hasRoom: Bool
    ) throws -> BlobHoldings {
        let items = try offer.manifests.map { manifest in
            guard hasRoom || shelf.entry(manifest.id)?.isComplete == true else {
                return BlobHolding(
                    id: manifest.id,
                    received: 0,
                    isComplete: false,
                    reason: BlobRefusal.noRoom.code.text
                )
            }
            return try shelf.expect(manifest)
        }
        return BlobHoldings(epoch: epoch, items: items, request: offer.request)
    }

    /// Answers a query that was let in: what the blobs are that the hub has whole, and their
    /// previews.
    public static func answer(
        _ query: BlobQuery,
        epoch: UInt64,
        shelf: BlobShelf
    ) throws -> BlobManifests {
        let entries = query.ids.flatMap { id in [shelf.preview(of: id), shelf.entry(id)] }
        return BlobManifests(
            epoch: epoch,
            manifests: entries.compactMap { $0 }.filter(\.isComplete).map(\.manifest),
            request: query.request
        )
    }
}

extension TerminalReplica {
    /// The epoch of the hub that this terminal knows; 0 before it was enrolled.
    public static func epoch(in reading: any ReplicaReading) throws -> UInt64 {
        try reading.integer(Setting.epoch) ?? 0
    }
}
