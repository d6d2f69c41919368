import Tally

// A terminal sends what it recorded: the most urgent lane first, in each in the order recorded.

/// What a terminal sends next; the hub's daemon has a route for each.
public enum UpRequest: Hashable, Sendable {
    /// This terminal is a copy of another and asks for an identity of its own.
    case enroll(EnrollRequest)
    /// The hub was restored: it is given back what it lost.
    case giveBack(ReturnRequest)
    case push(PushRequest)

    /// The message as it is sent.
    public func bytes() throws -> [UInt8] {
        switch self {
        case .enroll(let request): try request.bytes()
        case .giveBack(let request): try request.bytes()
        case .push(let request): try request.bytes()
        }
    }
}

extension TerminalReplica {
    /// What came of the hub's answer to a push.
    public enum PushOutcome: Hashable, Sendable {
        /// An answer to a request of an earlier epoch; nothing changed.
        case stale
        /// Noted; whether more is to be sent.
        case applied(more: Bool)
        /// The hub has another epoch, or lost what it had stored. It is given back what this
        /// terminal holds, then everything is sent and fetched again, with nobody doing anything.
        case newEpoch
        /// The hub could store nothing of the batch, so sending it again at once would not help:
        /// to be treated as a failure.
        case stalled
        /// This terminal is a copy of another: it goes on under a new identity.
        case renewed
        /// The hub has given this terminal other scopes: it shares those from now on.
        case moved
    }

    /// What is to be sent next; nil when there is nothing.
    ///
    /// - Parameters:
    ///   - reading: the terminal's store.
    ///   - limit: about how many operations.
    ///   - clocks: the clocks now, for the true times of what is sent; nil when they are of no use.
    /// - Returns: the request.
    /// - Throws: what the store throws.
    public func upRequest(
        in reading: any ReplicaReading,
        limit: Int = PushRequest.operationCountMax,
        at clocks: ClockReading? = nil
    ) throws -> UpRequest? {
        if let request = try reminder(in: reading) { return .enroll(request) }
        if let request = try successionRequest(in: reading) { return .enroll(request) }
        if let request = try returnRequest(in: reading, limit: limit) { return .giveBack(request) }
        return try pushRequest(in: reading, limit: limit, at: clocks).map { .push($0) }
    }

    /// Takes the bytes of the hub's answer to what ``upRequest(in:limit:at:)`` gave.
    ///
    /// - Parameters:
    ///   - answer: the message.
    ///   - request: what it answers.
    ///   - clocks: the clocks when it came.
    ///   - transaction: the terminal's store.
    /// - Returns: what came of it.
    /// - Throws: ``SyncRefusal`` when it is no answer to this request.
    public mutating func apply(
        _ answer: [UInt8],
        to request: UpRequest,
        at clocks: ClockReading? = nil,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        switch request {
        case .enroll(let request) where !request.known.isEmpty:
            return try noteRemembered(try Enrolment(bytes: answer), request, in: transaction)
        case .enroll(let request):
            return try succeed(try Enrolment(bytes: answer), request, in: transaction)
        case .giveBack(let request):
            return try apply(try ReturnResponse(bytes: answer), to: request, in: transaction)
        case .push(let request):
            let response = try PushResponse(bytes: answer)
            return try apply(response, to: request, at: clocks, in: transaction)
        }
    }

    /// The next batch for the hub; nil when there is nothing unsent.
    ///
    /// What this terminal recorded under an earlier identity goes first, in that identity's name.
    /// When the offset of the monotonic clock was not measured for a while, an empty batch asks for
    /// the hub's time, so that what is sent then has a true time.
    public func pushRequest(
        in reading: any ReplicaReading,
        limit: Int = PushRequest.operationCountMax,
        at clocks: ClockReading? = nil
    ) throws -> PushRequest? {
        let epoch = try reading.integer(Setting.epoch) ?? 0
        let fixes = try ClockFixes.of(reading)
        let version = try version(in: reading)
        for author in try formers(in: reading) + [replica] {
            let unsent = try reading.unsent(of: author.id, limit: limit)
            guard !unsent.isEmpty else { continue }
            if let clocks, fixes.isStale(at: clocks) {
                let clock = PushClock(clocks, times: [])
                return try PushRequest(
                    [],
                    epoch: epoch,
                    clock: clock,
                    by: author,
                    version: version,
                    newest: speaks.newest
                )
            }
            var byteCount = 0
            let batch = unsent.prefix {
                byteCount += $0.operation.bytes.count
                return byteCount <= PushRequest.byteCountMax
            }
            return try PushRequest(
                batch.map(\.operation.bytes),
                epoch: epoch,
                clock: clocks.map { clocks in
                    PushClock(clocks, times: batch.map { fixes.time(of: $0.operation.reading) })
                },
                by: author,
                version: version,
                newest: speaks.newest
            )
        }
        return try askingOperations(in: reading).map { operations in
            try PushRequest(
                operations,
                epoch: epoch,
                by: replica,
                version: version,
                newest: speaks.newest
            )
        }
    }

    /// Notes the hub's word on a batch.
    ///
    /// An answer to another batch than the store's changes nothing that was not sent.
    public func apply(
        _ response: PushResponse,
        to request: PushRequest,
        at clocks: ClockReading? = nil,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome {
        try checkHub(response.hub, in: transaction)
        // The answer to another request, which a proxy kept, says nothing about this one.
        guard response.batch == request.batch else { throw SyncRefusal.malformed }
        // Words in a form that was not offered say nothing.
        guard response.version <= speaks.newest else { throw SyncRefusal.malformed }
        try noteVersion(response.picked, in: transaction)
        if let clocks { try noteTime(response, to: request, at: clocks, in: transaction) }
        // What the hub stored in an earlier epoch may be what it lost since.
        guard request.epoch == (try transaction.integer(Setting.epoch) ?? 0) else { return .stale }
        guard response.epoch == request.epoch else {
            try noteRestored(epoch: response.epoch, in: transaction)
            return .newEpoch
        }
        guard response.items.count == request.operations.count else { throw SyncRefusal.malformed }
        try noteAnswered(in: transaction)
        for (bytes, item) in zip(request.operations, response.items) where item.stored {
            let id = try Operation(bytes: bytes).id
            try transaction.acknowledge(id, item.verdict, item.reason)
        }
        if let ticket = response.ticket, request.replica == replica.id {
            try noteTicket(ticket, in: transaction)
        }
        if request.replica == replica.id {
            try noteScopes(response.scopes, in: transaction)
            try noteAsked(request.operations, in: transaction)
        }
        if let outcome = try sendAgain(response, of: request.replica, in: transaction) {
            return outcome
        }
        guard request.operations.isEmpty || response.items.contains(where: \.stored) else {
            return .stalled
        }
        return .applied(more: try upRequest(in: transaction, limit: 1) != nil)
    }

    /// Learns from the hub's clock how far this machine's monotonic one is from it.
    private func noteTime(
        _ response: PushResponse,
        to request: PushRequest,
        at clocks: ClockReading,
        in transaction: any ReplicaTransaction
    ) throws {
        guard let sending = request.clock?.sending, sending.boot == clocks.boot else { return }
        let before = try ClockFixes.of(transaction)
        var fixes = before
        // The hub's word of when it was asked: an answer to an earlier request is as good.
        let isSaid = response.clock?.boot == clocks.boot
        fixes.note(
            hub: isSaid ? response.now : nil,
            sent: isSaid ? response.clock?.monotonic ?? 0 : sending.monotonic,
            reading: clocks
        )
        if fixes != before { try fixes.keep(in: transaction) }
    }

    /// Sends again what the hub misses of a chain, as far as it is here.
    ///
    /// - Returns: nil when nothing is.
    private func sendAgain(
        _ response: PushResponse,
        of author: Identifier,
        in transaction: any ReplicaTransaction
    ) throws -> PushOutcome? {
        var isAny = false
        for gap in response.gaps where gap.after < gap.before {
            // From the end, so that a gap which is wider than what is here costs no more than that.
            var sequence = gap.before - 1
            while sequence > gap.after {
                let id = OperationID(
                    replica: author,
                    incarnation: gap.incarnation,
                    sequence: sequence
                )
                guard let logged = try transaction.operation(id) else { break }
                guard logged.judgement == nil else {
                    // The hub had given it a place: it lost its end.
                    try noteRestored(epoch: response.epoch, in: transaction)
                    return .newEpoch
                }
                if logged.acknowledged != nil { isAny = true }
                try transaction.acknowledge(id, nil)
                sequence -= 1
            }
        }
        return isAny ? .applied(more: true) : nil
    }

    /// Throws when another hub than this terminal's answered.
    func checkHub(_ hub: Identifier, in reading: any ReplicaReading) throws {
        if let known = try Self.hub(in: reading), known != hub {
            throw SyncRefusal.foreignHub(hub)
        }
    }
}
