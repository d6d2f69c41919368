import Sync
import Tally
import Testing

/// Photos over a bad link: the real sender, shelves and messages, in virtual time.
@Suite struct BlobTransferTests {
    private static let epoch: UInt64 = 7

    private static func photo(_ index: Int, _ dice: inout SeededDice) -> [UInt8] {
        // Between 20 and 220 KB, one in ten up to 900 KB: what phone cameras give at low quality.
        let most: UInt64 = index.isMultiple(of: 10) ? 900_000 : 220_000
        let count = 20_000 + Int(dice.next() % most)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            for place in 0..<count { buffer[place] = UInt8(truncatingIfNeeded: dice.next()) }
            filled = count
        }
    }

    /// 256 kbit/s, cut every 60 s, every 10th response lost.
    @Test(arguments: [UInt64(1), 2, 3])
    func `500 photos over a thin link arrive whole and are sent hardly twice`(
        seed: UInt64
    ) throws {
        var dice = SeededDice(seed: seed)
        let replica = try Replica(privateKey: [UInt8](repeating: 3, count: 32))
        let terminal = try BlobShelf(MemoryBlobStore())
        var total = 0
        var photos: [ContentHash] = []
        for index in 0..<500 {
            let content = Self.photo(index, &dice)
            let photo = try terminal.add(content, mediaType: "image/jpeg")
            let preview = Array(content.prefix(8_000)) + [UInt8(index & 0xFF)]
            _ = try terminal.add(preview, mediaType: "image/jpeg", previewOf: photo.id)
            photos.append(photo.id)
            total += content.count + preview.count
        }
        let hub = try BlobShelf(MemoryBlobStore())
        var link = ThinLink(bitsPerSecond: 256_000, cutMilliseconds: 60_000, lostEvery: 10)
        var pace = BlobPace()
        var previewsBefore = 0
        while !terminal.unsent(epoch: Self.epoch).isEmpty {
            var sender = BlobSender(terminal.unsent(epoch: Self.epoch), pace: pace)
            try Self.play(&sender, replica, terminal, hub, &link) { id in
                let isFirst = previewsBefore == 0 && hub.entry(id)?.manifest.previewOf == nil
                if isFirst { previewsBefore = photos.count { hub.preview(of: $0) != nil } }
            }
            pace = sender.paceNow
            #expect(link.now < 10 * 24 * 3_600_000, "seed \(seed): no end")
        }
        for photo in photos {
            let entry = try #require(hub.entry(photo))
            #expect(entry.isComplete)
            let content = try hub.read(photo, at: 0, count: entry.manifest.length)
            #expect(ContentHash(of: content) == photo)
        }
        let twice = Double(link.contentSent - total) / Double(total)
        #expect(link.cuts > 20 && link.lost > 20, "seed \(seed): the link was too good")
        #expect(twice <= 0.03, "seed \(seed): \(twice * 100) % sent twice")
        #expect(previewsBefore == photos.count, "seed \(seed): a photo came before a preview")
    }

    private static func play(
        _ sender: inout BlobSender,
        _ replica: Replica,
        _ terminal: BlobShelf,
        _ hub: BlobShelf,
        _ link: inout ThinLink,
        came: (ContentHash) -> Void = { _ in }
    ) throws {
        while true {
            do {
                switch sender.nextStep() {
                case .done: return
                case .offer(let manifests):
                    let offer = try BlobOffer(manifests, by: replica)
                    let bytes = try offer.bytes()
                    let holdings = try link.exchange(
                        bytes,
                        isContent: false,
                        answerCount: 60 * manifests.count
                    ) { body in
                        try HubReplica.answer(
                            try BlobOffer(bytes: body),
                            epoch: epoch,
                            shelf: hub,
                            hasRoom: true
                        )
                    }
                    try note(sender.answered(holdings.items), terminal, came)
                case .send(let id, let offset, let count):
                    let bytes = try terminal.read(id, at: offset, count: count)
                    let start = link.now
                    let holding = try link.exchange(bytes, isContent: true, answerCount: 80) {
                        try hub.take($0, of: id, at: offset)
                    }
                    let complete = sender.answered(
                        [holding],
                        bytesMoved: bytes.count,
                        milliseconds: link.now - start
                    )
                    try note(complete, terminal, came)
                }
            } catch is ThinLink.Fault {
                sender.failed()
                link.rest(milliseconds: 500)
            }
        }
    }

    private static func note(
        _ complete: [ContentHash],
        _ terminal: BlobShelf,
        _ came: (ContentHash) -> Void
    ) throws {
        for id in complete {
            try terminal.noteHeld(id, epoch: epoch)
            came(id)
        }
    }

    @Test func `a download goes on where it was cut`() throws {
        var dice = SeededDice(seed: 11)
        let content = Self.photo(10, &dice) + [UInt8](repeating: 9, count: 500_000)
        let hub = try BlobShelf(MemoryBlobStore())
        let photo = try hub.add(content, mediaType: "image/jpeg")
        let terminal = try BlobShelf(MemoryBlobStore())
        var fetcher = BlobFetcher([photo.id])
        var fetched = 0
        var requests = 0
        while true {
            switch fetcher.nextStep() {
            case .done:
                #expect(try terminal.read(photo.id, at: 0, count: content.count) == content)
                #expect(fetched == content.count, "bytes came twice")
                #expect(requests > 3)
                return
            case .find(let ids):
                let manifests = ids.compactMap { hub.entry($0)?.manifest }
                fetcher.found(ids, try manifests.map { ($0, try terminal.expect($0)) })
            case .fetch(let id, let offset, let count):
                requests += 1
                // Every second answer is cut in the middle.
                let most = requests.isMultiple(of: 2) ? count / 2 : count
                let bytes = try hub.read(id, at: offset, count: most)
                fetched += bytes.count
                let holding = try terminal.take(bytes, of: id, at: offset)
                fetcher.received(holding, bytesMoved: bytes.count, milliseconds: 1_000)
            }
        }
    }

    @Test func `the same photo of two terminals is sent once`() throws {
        let content = [UInt8](repeating: 5, count: 100_000)
        let replica = try Replica(privateKey: [UInt8](repeating: 3, count: 32))
        let hub = try BlobShelf(MemoryBlobStore())
        var link = ThinLink(bitsPerSecond: 8_000_000, cutMilliseconds: 1 << 40, lostEvery: 1 << 40)
        for _ in 0..<2 {
            let terminal = try BlobShelf(MemoryBlobStore())
            _ = try terminal.add(content, mediaType: "image/jpeg")
            var sender = BlobSender(terminal.unsent(epoch: Self.epoch))
            try Self.play(&sender, replica, terminal, hub, &link)
            #expect(terminal.unsent(epoch: Self.epoch) == [])
        }
        #expect(link.contentSent == content.count)
    }
}
