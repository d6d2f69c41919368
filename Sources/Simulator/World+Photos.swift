import Agent
import Sync
import Tally

/// Photos: taken at terminals, given to the hub, and fetched where somebody wants to see them.
extension World {
    private static let photoTimeout: UInt64 = 30_000

    // MARK: - People

    /// Now and then somebody who records something takes a photo too, and somebody elsewhere wants
    /// to see one.
    func takePhoto(at terminal: SimulatedTerminal) throws {
        guard photoDice.happens(2) else { return }
        // A disk without room refuses photos before anything else.
        guard terminal.machine.isUp, !terminal.machine.isFull else { return }
        let isLarge = photoDice.happens(10)
        let count = 1 + photoDice.below(isLarge ? 600_000 : 12_000)
        let content = noise(count)
        let photo = try terminal.photos.shelf.add(content, mediaType: "image/jpeg")
        if photoDice.happens(50) {
            let small = noise(1 + photoDice.below(2_000))
            _ = try terminal.photos.shelf.add(
                small,
                mediaType: "image/jpeg",
                previewOf: photo.id
            )
        }
        note(count, photo.id.identifier.low)
        photos.append(Photo(id: photo.id, terminal: terminal.index))
        if photoDice.happens(40), let other = photoDice.pick(terminals) {
            want(photo.id, at: other)
        }
        schedulePhotos(terminal, in: 1_000)
    }

    private func want(_ photo: ContentHash, at terminal: SimulatedTerminal) {
        guard terminal.photos.shelf.entry(photo)?.isComplete != true,
            !terminal.photos.wanted.contains(photo)
        else { return }
        terminal.photos.wanted.append(photo)
        schedulePhotos(terminal, in: 1_000)
    }

    private func noise(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let word = photoDice.next()
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(count))
    }

    // MARK: - The terminal's side

    /// Goes on with a terminal's photos then, or earlier if that was already to be.
    private func schedulePhotos(_ terminal: SimulatedTerminal, in milliseconds: UInt64) {
        let time = now + milliseconds
        if let due = terminal.photos.due, due > now, due <= time { return }
        terminal.photos.due = time
        schedule(.photos(terminal: terminal.index), in: milliseconds)
    }

    /// A timer of a terminal's photos; one that was replaced by an earlier one does nothing.
    func wakePhotos(_ terminal: SimulatedTerminal) throws {
        guard let due = terminal.photos.due, due <= now else { return }
        terminal.photos.due = nil
        try pumpPhotos(terminal)
    }

    /// Goes on with a terminal's photos as the daemon's pump does: records go first.
    func pumpPhotos(_ terminal: SimulatedTerminal) throws {
        guard terminal.machine.isUp, terminal.deferred == nil, terminal.photos.outstanding == nil
        else { return }
        let (unsent, epoch) = try terminal.machine.store.read { reading in
            let own = terminal.node.terminal.replica.id
            return (try reading.backlog(of: own).count, try TerminalReplica.epoch(in: reading))
        }
        guard unsent == 0 else {
            return schedulePhotos(terminal, in: Self.minute)
        }
        if let request = try nextPhotoRequest(terminal, epoch) { try ask(request, from: terminal) }
    }

    private func nextPhotoRequest(
        _ terminal: SimulatedTerminal,
        _ epoch: UInt64
    ) throws -> PhotoExchange.Request? {
        let replica = terminal.node.terminal.replica
        let shelf = terminal.photos.shelf
        let pace = terminal.photos.pace
        var sender = terminal.photos.sender ?? BlobSender(shelf.unsent(epoch: epoch), pace: pace)
        let step = sender.nextStep()
        terminal.photos.sender = sender
        switch step {
        case .offer(let manifests): return .offer(try BlobOffer(manifests, by: replica))
        case .send(let id, let offset, let count):
            return .put(try BlobPart(.put, id, offset: offset, count: count, by: replica))
        case .done: terminal.photos.sender = nil
        }
        guard !terminal.photos.wanted.isEmpty else { return nil }
        let wanted = Array(terminal.photos.wanted.prefix(BlobOffer.countMax))
        let fetcher = terminal.photos.fetcher ?? BlobFetcher(wanted, pace: terminal.photos.pace)
        terminal.photos.fetcher = fetcher
        switch fetcher.nextStep() {
        case .find(let ids): return .find(try BlobQuery(ids, by: replica))
        case .fetch(let id, let offset, let count):
            return .get(try BlobPart(.get, id, offset: offset, count: count, by: replica))
        case .done:
            terminal.photos.fetcher = nil
            terminal.photos.wanted.removeAll { shelf.entry($0)?.isComplete == true }
            // What the hub does not have yet may come there later.
            schedulePhotos(terminal, in: 10 * Self.minute)
            return nil
        }
    }

    private func ask(_ request: PhotoExchange.Request, from terminal: SimulatedTerminal) throws {
        exchanges += 1
        let exchange = PhotoExchange(
            number: exchanges,
            terminal: terminal.index,
            process: terminal.machine.process,
            started: now,
            request: request
        )
        terminal.photos.outstanding = exchange.number
        schedule(.photoAnswer(exchange, nil), in: Self.photoTimeout)
        let link = terminal.link
        if now < link.refusedUntil { return schedule(.photoAnswer(exchange, nil), in: 50) }
        if now < link.silentUntil || plan.strikes(.loss, &photoDice) { return }
        var body: [UInt8] = []
        if case .put(let part) = request {
            body = try terminal.photos.shelf.read(part.id, at: part.offset, count: part.count)
        }
        if now < link.blackHoleUntil, body.count > 1_400 { return }
        // A cut, or a link too thin for the timeout: the hub takes what came of the body.
        let isCut = plan.strikes(.photoCut, &photoDice)
        if isCut { body = Array(body.prefix(photoDice.below(body.count + 1))) }
        var flight = 5 + photoDice.below(75 as UInt64)
        if now < link.thinUntil {
            flight += UInt64(body.count) * 8_000 / 9_600
            body = Array(body.prefix(Int(Self.photoTimeout) * 9_600 / 8_000))
        }
        queue.put(.photoRequest(exchange, body), at: max(now + flight, link.cloggedUntil))
        if plan.strikes(.repeated, &photoDice) {
            schedule(.photoRequest(exchange, body), in: flight)
        }
        // Something between may swallow the cut, and the hub's word on what came arrives.
        if isCut, photoDice.happens(50) { schedule(.photoAnswer(exchange, nil), in: flight) }
    }

    // MARK: - The hub's side

    /// A request about photos reaches the hub, or whoever answers in its place.
    func receive(_ exchange: PhotoExchange, _ body: [UInt8]) throws {
        let link = terminals[exchange.terminal].link
        let answering = now < foreignUntil ? foreignHub ?? hub : hub
        guard answering.machine.isUp, answering.deferred == nil else {
            return schedule(.photoAnswer(exchange, nil), in: 5)
        }
        var answer: [UInt8]?
        do {
            answer = try answering.answer(exchange.request, body)
        } catch is any Refusal {
            return schedule(.photoAnswer(exchange, nil), in: 5)
        }
        if now < max(link.silentUntil, link.deafUntil) { return }
        if plan.strikes(.lostAnswer, &photoDice) { return }
        if plan.strikes(.photoCut, &photoDice) {
            answer = answer.map { Array($0.prefix(photoDice.below($0.count + 1))) }
        }
        var flight = 5 + photoDice.below(75 as UInt64)
        if now < link.thinUntil { flight += UInt64(answer?.count ?? 0) * 8_000 / 9_600 }
        schedule(.photoAnswer(exchange, answer), in: min(flight, Self.photoTimeout - 1))
    }

    /// An answer about photos reaches the terminal, late ones too; nil when none comes.
    func hear(_ answer: [UInt8]?, to exchange: PhotoExchange) throws {
        let terminal = terminals[exchange.terminal]
        guard terminal.machine.isUp, terminal.machine.process == exchange.process,
            terminal.photos.outstanding == exchange.number
        else { return }
        terminal.photos.outstanding = nil
        do {
            guard let answer else { throw SyncRefusal.malformed }
            try take(answer, to: exchange, at: terminal)
            try pumpPhotos(terminal)
        } catch is any Refusal {
            terminal.photos.sender?.failed()
            terminal.photos.fetcher?.failed()
            terminal.photos.pace =
                terminal.photos.sender?.paceNow ?? terminal.photos.fetcher?.paceNow ?? BlobPace()
            terminal.photos.sender = nil
            terminal.photos.fetcher = nil
            schedulePhotos(terminal, in: Self.minute)
        }
    }

    private func take(
        _ answer: [UInt8],
        to exchange: PhotoExchange,
        at terminal: SimulatedTerminal
    ) throws {
        let epoch = try terminal.machine.store.read { try TerminalReplica.epoch(in: $0) }
        let shelf = terminal.photos.shelf
        switch exchange.request {
        case .offer(let offer):
            let holdings = try BlobHoldings(bytes: answer)
            guard holdings.request == offer.request, holdings.epoch == epoch else {
                throw SyncRefusal.malformed
            }
            let complete = terminal.photos.sender?.answered(holdings.items) ?? []
            for id in complete { try shelf.noteHeld(id, epoch: epoch) }
        case .put(let part):
            let holdings = try BlobHoldings(bytes: answer)
            guard holdings.request == part.request, holdings.epoch == epoch else {
                throw SyncRefusal.malformed
            }
            let spent = now - exchange.started
            let moved = part.count
            let complete =
                terminal.photos.sender?
                .answered(holdings.items, bytesMoved: moved, milliseconds: spent) ?? []
            for id in complete { try shelf.noteHeld(id, epoch: epoch) }
        case .find(let query):
            let found = try BlobManifests(bytes: answer)
            guard found.request == query.request else { throw SyncRefusal.malformed }
            let holdings = try found.manifests.map { ($0, try shelf.expect($0)) }
            terminal.photos.fetcher?.found(query.ids, holdings)
        case .get(let part):
            let holding = try shelf.take(answer, of: part.id, at: part.offset)
            if holding.isComplete { try shelf.noteHeld(part.id, epoch: epoch) }
            let spent = now - exchange.started
            terminal.photos.fetcher?
                .received(holding, bytesMoved: answer.count, milliseconds: spent)
            guard holding.received > part.offset else { throw SyncRefusal.malformed }
        }
    }

    // MARK: - Checks

    /// What is not quiet yet about photos; nil when nothing is.
    func photoUnrest() throws -> String? {
        for terminal in terminals where !terminal.isRevoked {
            let epoch = try terminal.machine.store.read { try TerminalReplica.epoch(in: $0) }
            if !terminal.photos.shelf.unsent(epoch: epoch).isEmpty {
                return "terminal \(terminal.index) has not given the hub its photos"
            }
            let lacks = terminal.photos.wanted.contains { photo in
                hub.shelf.entry(photo)?.isComplete == true
                    && terminal.photos.shelf.entry(photo)?.isComplete != true
            }
            if lacks { return "terminal \(terminal.index) has not fetched a photo" }
        }
        return nil
    }

    /// Every photo that was kept is where it was taken and at the hub, whole.
    func checkPhotos() throws {
        for photo in photos where !terminals[photo.terminal].isRevoked {
            let author = terminals[photo.terminal].photos.shelf
            try require(try Self.isWhole(photo.id, in: author), .photos) {
                "a photo of terminal \(photo.terminal) is not there any more"
            }
            try require(try Self.isWhole(photo.id, in: hub.shelf), .photos) {
                "a photo of terminal \(photo.terminal) is not at the hub"
            }
        }
        for terminal in terminals {
            for entry in try terminal.photos.store.entries() where entry.isComplete {
                try require(
                    try Self.isWhole(entry.manifest.id, in: terminal.photos.shelf),
                    .photos
                ) { "terminal \(terminal.index) shows a photo that is not what its name says" }
            }
        }
    }

    private static func isWhole(_ id: ContentHash, in shelf: BlobShelf) throws -> Bool {
        guard let entry = shelf.entry(id), entry.isComplete else { return false }
        return ContentHash(of: try shelf.read(id, at: 0, count: entry.manifest.length)) == id
    }
}
