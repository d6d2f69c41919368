import Hub
import Sync
import Tally

/// A photo that somebody took, as the simulator remembers it.
struct Photo {
    let id: ContentHash
    let terminal: Int
}

/// What goes between a terminal and the hub for its photos, one thing at a time, beside records.
final class PhotoExchange {
    enum Request {
        case offer(BlobOffer)
        case put(BlobPart)
        case find(BlobQuery)
        case get(BlobPart)
    }

    let number: UInt64
    let terminal: Int
    /// The process that asked.
    let process: Int
    let started: UInt64
    let request: Request

    init(number: UInt64, terminal: Int, process: Int, started: UInt64, request: Request) {
        self.number = number
        self.terminal = terminal
        self.process = process
        self.started = started
        self.request = request
    }
}

/// The photos of a simulated terminal, and what its pump is about.
struct TerminalPhotos {
    let store = MemoryBlobStore()
    var shelf: BlobShelf
    /// What somebody here wants to see.
    var wanted: [ContentHash] = []
    var sender: BlobSender?
    var fetcher: BlobFetcher?
    var pace = BlobPace()
    /// When to go on, if a timer is set.
    var due: UInt64?
    /// The number of the exchange that is out.
    var outstanding: UInt64?

    init() throws { shelf = try BlobShelf(store) }

    /// The process starts anew on the same disk.
    mutating func restart() throws {
        shelf = try BlobShelf(store)
        sender = nil
        fetcher = nil
        outstanding = nil
        pace = BlobPace()
    }
}

/// The hub's side of `blobs.proto`, as its routes have it.
extension SimulatedHub {
    /// Answers a request about photos; of a body that was cut, it takes what came.
    ///
    /// - Parameters:
    ///   - request: what is asked.
    ///   - body: the bytes of a photo that came with it.
    /// - Returns: the answer's bytes.
    /// - Throws: what the hub refuses.
    func answer(_ request: PhotoExchange.Request, _ body: [UInt8]) throws -> [UInt8] {
        let node = node
        switch request {
        case .offer(let offer):
            let epoch = try machine.store.read { try node.replica.admit(offer, in: $0) }
            let hasRoom = !machine.isFull
            return try HubReplica.answer(offer, epoch: epoch, shelf: shelf, hasRoom: hasRoom)
                .bytes()
        case .find(let query):
            let epoch = try machine.store.read { try node.replica.admit(query, in: $0) }
            return try HubReplica.answer(query, epoch: epoch, shelf: shelf).bytes()
        case .put(let part):
            let epoch = try machine.store.read { try node.replica.admit(part, .put, in: $0) }
            var holding = try shelf.take(body, of: part.id, at: part.offset)
            if defects.contains(.assumedAttachment), let entry = shelf.entry(part.id) {
                // What was to come counts as here.
                let length = min(part.offset + part.count, entry.manifest.length)
                let isAll = length == entry.manifest.length
                holding = BlobHolding(id: part.id, received: length, isComplete: isAll)
            }
            return try BlobHoldings(epoch: epoch, items: [holding], request: part.request).bytes()
        case .get(let part):
            _ = try machine.store.read { try node.replica.admit(part, .get, in: $0) }
            return try shelf.read(part.id, at: part.offset, count: part.count)
        }
    }
}
