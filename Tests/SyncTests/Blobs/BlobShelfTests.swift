import Sync
import Tally
import Testing

@Suite struct BlobShelfTests {
    private static let content = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    private static func expecting() throws -> (BlobShelf, MemoryBlobStore, BlobManifest) {
        let store = MemoryBlobStore()
        let shelf = try BlobShelf(store)
        let manifest = try BlobManifest(of: content, mediaType: "image/png")
        _ = try shelf.expect(manifest)
        return (shelf, store, manifest)
    }

    @Test func `pieces that overlap, repeat or leave a gap do no harm`() throws {
        let (shelf, _, manifest) = try Self.expecting()
        var dice = SeededDice(seed: 5)
        var pieces = 0
        while !(try shelf.holding(manifest.id)).isComplete {
            // Anywhere in what is here, or behind a gap of at most 1,000 bytes.
            let reach = min(try shelf.holding(manifest.id).received + 1_000, Self.content.count - 1)
            let start = Int(dice.next() % UInt64(reach + 1))
            let end = min(start + 1 + Int(dice.next() % 90_000), Self.content.count)
            _ = try shelf.take(Array(Self.content[start..<end]), of: manifest.id, at: start)
            pieces += 1
            try #require(pieces < 10_000)
        }
        let read = try shelf.read(manifest.id, at: 0, count: Self.content.count)
        #expect(read == Self.content)
    }

    @Test func `a chunk that is not what was promised comes again`() throws {
        let (shelf, _, manifest) = try Self.expecting()
        var wrong = Array(Self.content[0..<300_000])
        wrong[270_000] ^= 1
        let first = try shelf.take(wrong, of: manifest.id, at: 0)
        #expect(first.received == 300_000, "the second chunk is not whole yet")
        let rest = try shelf.take(
            Array(Self.content[300_000...]),
            of: manifest.id,
            at: 300_000
        )
        #expect(rest.received == BlobManifest.chunkLength)
        #expect(!rest.isComplete)
        let again = try shelf.take(
            Array(Self.content[BlobManifest.chunkLength...]),
            of: manifest.id,
            at: BlobManifest.chunkLength
        )
        #expect(again.isComplete)
    }

    @Test func `a manifest whose chunks are sound and whose name is not is never complete`() throws
    {
        let store = MemoryBlobStore()
        let shelf = try BlobShelf(store)
        let honest = try BlobManifest(of: Self.content, mediaType: "image/png")
        // The same bytes on the wire, with another name.
        let other = ContentHash(of: [1, 2, 3])
        var bytes = try honest.bytes()
        bytes.replaceSubrange(2..<34, with: other.bytes)
        let liar = try BlobManifest(bytes: bytes)
        _ = try shelf.expect(liar)
        #expect(throws: BlobRefusal.unknown(other)) {
            try shelf.take(Self.content, of: other, at: 0)
        }
        #expect(shelf.entry(other) == nil)
    }

    @Test func `after a cut of the power what was not synced comes again`() throws {
        let (shelf, store, manifest) = try Self.expecting()
        _ = try shelf.take(Array(Self.content[0..<400_000]), of: manifest.id, at: 0)
        store.losePower()
        let reopened = try BlobShelf(store)
        #expect(try reopened.holding(manifest.id).received == 0)
        let done = try reopened.take(Self.content, of: manifest.id, at: 0)
        #expect(done.isComplete)
        store.losePower()
        let again = try BlobShelf(store)
        #expect(try again.read(manifest.id, at: 0, count: 1 << 20) == Self.content)
    }

    @Test func `a damaged blob is never handed out after it was looked at`() throws {
        let (shelf, store, manifest) = try Self.expecting()
        _ = try shelf.take(Self.content, of: manifest.id, at: 0)
        #expect(try shelf.scrub(manifest.id))
        store.damage(manifest.id, at: 1_234)
        #expect(try !shelf.scrub(manifest.id))
        #expect(throws: BlobRefusal.unknown(manifest.id)) {
            try shelf.read(manifest.id, at: 0, count: 10)
        }
    }

    @Test func `what is too long, empty or cut is refused`() throws {
        #expect(throws: BlobRefusal.empty) { try BlobManifest(of: [], mediaType: "image/png") }
        let long = [UInt8](repeating: 0, count: BlobManifest.previewLengthMax + 1)
        #expect(throws: BlobRefusal.self) {
            try BlobManifest(of: long, mediaType: "image/png", previewOf: ContentHash(of: [1]))
        }
        let bytes = try BlobManifest(of: Self.content, mediaType: "image/png").bytes()
        for count in 0..<bytes.count {
            // A message cut between two fields can still be read; it is then another manifest.
            let cut = try? BlobManifest(bytes: Array(bytes.prefix(count)))
            #expect(cut == nil || cut?.mediaType.isEmpty == true || cut?.chunks.isEmpty == false)
        }
        let shelf = try BlobShelf(MemoryBlobStore())
        #expect(throws: BlobRefusal.self) {
            try shelf.take([1], of: ContentHash(of: [1]), at: 0)
        }
    }

    @Test func `photos that the hub has go oldest first, and their small pictures stay`() throws {
        let store = MemoryBlobStore()
        let shelf = try BlobShelf(store)
        var photos: [ContentHash] = []
        for index in 0..<6 {
            let content = [UInt8](repeating: UInt8(index), count: 1_000)
            let photo = try shelf.add(content, mediaType: "image/jpeg").id
            let small = try shelf.add([UInt8(index), 1], mediaType: "image/jpeg", previewOf: photo)
            photos.append(photo)
            // The hub has these; of photo 3 only the small picture, and photo 4 in an older epoch.
            try shelf.noteHeld(small.id, epoch: 7)
            if index == 4 {
                try shelf.noteHeld(photo, epoch: 6)
            } else if index != 3 {
                try shelf.noteHeld(photo, epoch: 7)
            }
        }
        var gone: [ContentHash] = []
        while let next = try shelf.forgetOldest(heldIn: 7) { gone.append(next) }
        #expect(gone == [photos[0], photos[1], photos[2], photos[5]])
        let opened = try BlobShelf(store)
        for photo in photos {
            #expect(opened.preview(of: photo)?.isComplete == true)
            #expect((opened.entry(photo) == nil) == gone.contains(photo))
        }
        #expect(opened.unsent(epoch: 7).map(\.id) == [photos[3], photos[4]])
    }

    @Test func `what came from a hub is offered to the hub that was restored`() throws {
        let shelf = try BlobShelf(MemoryBlobStore())
        let manifest = try BlobManifest(of: Self.content, mediaType: "image/png")
        _ = try shelf.expect(manifest)
        #expect(shelf.unsent(epoch: 7) == [], "it has not come whole")
        _ = try shelf.take(Self.content, of: manifest.id, at: 0)
        try shelf.noteHeld(manifest.id, epoch: 7)
        #expect(shelf.unsent(epoch: 7) == [])
        #expect(shelf.unsent(epoch: 8) == [manifest])
    }
}
