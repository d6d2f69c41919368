import Tally

// The hub takes what terminals recorded. What is decided of each operation, in this order:
//
//   the bytes                                        verdict       kept
//   of a terminal that was revoked, not here yet     quarantined   aside
//   are no operation                                 quarantined   aside; the chain goes on
//   are another replica's                            quarantined   aside
//   are here already                                 as then       –
//   another operation has that name                  quarantined   aside, as a fork
//   do not link to the one before                    quarantined   aside, as a fork
//   go on from such a fork                           quarantined   aside, as a fork
//   come before the one before them                  waiting       aside; placed when it comes
//   belong to a scope that the terminal may not use  quarantined   aside; the chain goes on
//   are not what their type says                     quarantined   in the order
//   are of a kind that this program does not know    waiting       in the order
//   are a move that is not possible                  rejected      in the order
//   all else                                         accepted, conflict
//
// "Aside" is the table of `QuarantinedRecord`s: bytes that no place in the order can be given to.

extension HubReplica {
    /// The most records of one terminal that wait aside for what comes before them.
    static let gapCountMax = 2_000

    /// What one push takes in: the group, and where the terminal's chains stand.
    struct Intake {
        let terminal: EnrolledTerminal
        var group: Group
        /// When the operation at hand was recorded, as its terminal derives it.
        var time: DerivedTime?
        /// As far as they were asked for or moved.
        var chains: [UInt64: ChainState] = [:]
        var moved: Set<UInt64> = []
        /// What waits for its predecessor, by name; read when a chain is first asked for.
        var gaps: [OperationID: QuarantinedRecord]?
        /// Chains of this push that are copies'.
        var forked: Set<UInt64> = []
        /// By incarnation: after which operation some are missing, and before which.
        var missing: [UInt64: PushResponse.Gap] = [:]
    }

    /// Takes a terminal's batch; as the other, which is told what it says.
    public mutating func push(
        _ request: PushRequest,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse {
        try push(OpenedPush(request), reading: reading, dice: &dice, in: transaction)
    }

    /// Takes a terminal's batch.
    ///
    /// - Parameters:
    ///   - opened: the batch.
    ///   - reading: the hub's clocks now.
    ///   - dice: for the hub's incarnation, and for tickets.
    ///   - transaction: the hub's store.
    /// - Returns: the hub's word on each operation, in the order of the request.
    /// - Throws: ``SyncRefusal`` when the request as a whole cannot be taken.
    public mutating func push(
        _ opened: OpenedPush,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse {
        let request = opened.request
        try speaks.check(request.version)
        let terminal = try Self.terminal(request.replica, in: transaction)
        guard request.isSigned(by: terminal.publicKey) else {
            throw SyncRefusal.badSignature(request.replica)
        }
        guard request.operations.count <= PushRequest.operationCountMax else {
            throw SyncRefusal.tooMany(request.operations.count)
        }
        try Self.noteSeen(terminal.replica, reading, in: transaction)
        let epoch = try transaction.integer(Setting.epoch) ?? 0
        var response = PushResponse(hub: replica.id, epoch: epoch, batch: request.batch)
        response.now = reading.wall
        response.clock = request.clock?.sending
        response.version = request.version
        response.picked = speaks.picked(request.version, offered: request.newest)
        response.scopes = Scope.name(of: terminal.scopes)
        guard request.epoch == epoch else { return response }
        var intake = Intake(terminal: terminal, group: Group(reading: reading))
        for (index, content) in opened.operations.enumerated() {
            intake.time = request.clock?.times[index]
            let bytes = request.operations[index]
            response.items.append(try take(content, bytes, into: &intake, in: transaction))
        }
        try close(&intake.group, dice: &dice, in: transaction)
        try noteHeard(terminal.replica, reading: reading, dice: &dice, in: transaction)
        for incarnation in intake.moved.sorted() {
            if let chain = intake.chains[incarnation] { try transaction.set(chain) }
        }
        response.gaps = intake.missing.values.sorted { $0.incarnation < $1.incarnation }
        if !intake.forked.isEmpty {
            response.ticket = try cloneTicket(intake, dice: &dice, in: transaction)
        }
        return response
    }

    private func take(
        _ content: Result<Operation, OperationError>,
        _ bytes: [UInt8],
        into intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse.Item {
        let operation: Operation
        do {
            operation = try content.get()
        } catch {
            let isRevoked = intake.terminal.revoked != nil
            let reason = isRevoked ? QuarantinedRecord.Reason.revoked : error.code.text
            return try keep(bytes, reason, &intake, transaction)
        }
        if intake.terminal.revoked != nil {
            // What was taken before keeps the word that it was given then.
            guard let logged = try transaction.operation(operation.id),
                logged.operation.hash == operation.hash
            else { return try keep(bytes, QuarantinedRecord.Reason.revoked, &intake, transaction) }
            return try repeated(operation, logged, &intake, transaction)
        }
        guard operation.id.replica == intake.terminal.replica else {
            return try keep(bytes, QuarantinedRecord.Reason.foreign, &intake, transaction)
        }
        if let logged = try transaction.logged(operation) {
            return try repeated(operation, logged, &intake, transaction)
        }
        switch try link(operation, &intake, in: transaction) {
        case .next:
            let item = try accept(operation, into: &intake, in: transaction)
            try placeWaiting(after: operation.id, into: &intake, in: transaction)
            return item
        case .aside(let reason):
            return try keep(bytes, reason, &intake, transaction)
        case .known(let record):
            return Self.item(record)
        }
    }

    private func repeated(
        _ operation: Operation,
        _ logged: LoggedOperation,
        _ intake: inout Intake,
        _ transaction: any ReplicaTransaction
    ) throws -> PushResponse.Item {
        guard logged.operation.hash == operation.hash, let judgement = logged.judgement else {
            try noteFork(of: operation, into: &intake, in: transaction)
            return try keep(
                operation.bytes,
                QuarantinedRecord.Reason.fork,
                &intake,
                transaction
            )
        }
        if defects.contains(.doubleApply) {
            try reducer.apply(operation, judgement, to: transaction)
        }
        let chain = try followed(operation.id, &intake, in: transaction)
        if let chain, chain.isForked,
            chain.endedAt == 0 || operation.id.sequence > chain.endedAt
        {
            intake.forked.insert(operation.id.incarnation)
        }
        return PushResponse.Item(
            verdict: judgement.verdict,
            reason: judgement.reason,
            known: true,
            stored: true
        )
    }

    /// Gives an operation that its chain has come to its place and verdict.
    private func accept(
        _ operation: Operation,
        into intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> PushResponse.Item {
        guard intake.terminal.scopes.contains(operation.scope) else {
            return try keep(
                operation.bytes,
                QuarantinedRecord.Reason.scope,
                &intake,
                transaction
            )
        }
        if let reason = try saidBefore(operation, &intake, in: transaction) {
            return try keep(operation.bytes, reason, &intake, transaction)
        }
        let (verdict, reason) = try judge(operation, in: transaction)
        try place(
            operation,
            verdict,
            reason,
            at: intake.time,
            into: &intake.group,
            in: transaction
        )
        if verdict == .quarantined {
            return try keep(operation.bytes, reason, &intake, transaction)
        }
        return PushResponse.Item(verdict: verdict, reason: reason, known: false, stored: true)
    }

    /// A copy says again what lies aside as a fork of its former identity: that is settled by it,
    /// unless a person was faster.
    ///
    /// - Returns: why it must not take effect; nil when it may.
    private func saidBefore(
        _ operation: Operation,
        _ intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws -> String? {
        guard let hash = operation.again, let former = intake.terminal.former,
            var record = try transaction.quarantined(hash, from: former)
        else { return nil }
        switch record.state {
        case .held:
            record.state = .recordedAgain
            record.settled = intake.group.reading.wall
            try transaction.keep(record)
            return nil
        case .released, .placed, .recordedAgain: return "sync.said_before"
        case .dismissed: return "sync.dismissed_before"
        }
    }

    /// The verdict on an operation of any author that may speak in its scope.
    func judge(
        _ operation: Operation,
        in transaction: any ReplicaTransaction
    ) throws -> (Verdict, reason: String) {
        if operation.kind == .decision, operation.id.replica != replica.id {
            return (.quarantined, "sync.decision_by_terminal")
        }
        if reducer.knows(operation), let flaw = rules.flaw(operation) {
            return (.quarantined, flaw)
        }
        return try reducer.verdict(on: operation, in: transaction)
    }

    /// Gives what waited for this operation its place, and what waited for that.
    private func placeWaiting(
        after id: OperationID,
        into intake: inout Intake,
        in transaction: any ReplicaTransaction
    ) throws {
        var id = id
        intake.time = nil
        while true {
            id = OperationID(
                replica: id.replica,
                incarnation: id.incarnation,
                sequence: id.sequence + 1
            )
            guard var record = intake.gaps?.removeValue(forKey: id),
                let operation = record.operation
            else { return }
            guard case .next = try link(operation, &intake, in: transaction) else { return }
            record.state = .placed
            record.settled = intake.group.reading.wall
            try transaction.keep(record)
            _ = try accept(operation, into: &intake, in: transaction)
        }
    }

    // MARK: - Aside

    /// Keeps bytes aside; the same bytes a second time are known.
    private func keep(
        _ bytes: [UInt8],
        _ reason: String,
        _ intake: inout Intake,
        _ transaction: any ReplicaTransaction
    ) throws -> PushResponse.Item {
        let hash = ContentHash(of: bytes).identifier
        let sender = intake.terminal.replica
        if let record = try transaction.quarantined(hash, from: sender) {
            return Self.item(record)
        }
        let isGap = reason == QuarantinedRecord.Reason.predecessorMissing
        let verdict = isGap ? Verdict.waiting : .quarantined
        let item = PushResponse.Item(verdict: verdict, reason: reason, known: false, stored: true)
        let record = QuarantinedRecord(
            ticket: try transaction.nextTicket(),
            sender: sender,
            hash: hash,
            bytes: bytes,
            verdict: verdict,
            reason: reason,
            received: intake.group.reading.wall
        )
        if isGap, let id = record.operation?.id {
            guard intake.gaps?.count ?? 0 < Self.gapCountMax else {
                return PushResponse.Item(
                    verdict: verdict,
                    reason: reason,
                    known: false,
                    stored: false
                )
            }
            intake.gaps?[id] = record
        }
        try transaction.keep(record)
        return item
    }

    private static func item(_ record: QuarantinedRecord) -> PushResponse.Item {
        PushResponse.Item(
            verdict: record.verdict,
            reason: record.reason,
            known: true,
            stored: true
        )
    }
}

/// A batch whose operations were read, once for all that look at them.
public struct OpenedPush: Sendable {
    public let request: PushRequest
    /// In the order of the request; none of a request that has too many.
    public let operations: [Result<Operation, OperationError>]

    public init(_ request: PushRequest) {
        self.request = request
        let isTaken = request.operations.count <= PushRequest.operationCountMax
        operations = (isTaken ? request.operations : []).map { bytes in
            Result { () throws(OperationError) in try Operation(bytes: bytes) }
        }
    }
}
