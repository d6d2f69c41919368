import Sync
import Tally

// How values of Sync are told to the server and read back.

extension Scope {
    /// The two columns that name a scope.
    var values: [Parameter] { [.text(site), .text(area)] }
}

extension EntityKey {
    var kindBytes: [UInt8] { Array(kind.utf8) }

    /// The four columns that name an entity.
    var values: [Parameter] { scope.values + [.bytes(kindBytes), .id(id)] }
}

extension OperationID {
    /// The three columns that name an operation within a site.
    var values: [Parameter] { [.id(replica), .unsigned(incarnation), .unsigned(sequence)] }
}

extension Row {
    func kind(_ column: Int32) throws -> String {
        String(decoding: try requiredBytes(column), as: UTF8.self)
    }

    func scope(_ column: Int32) throws -> Scope {
        Scope(site: try text(column), area: try text(column + 1))
    }
}

/// An operation of the log and its place among all that were stored.
struct StoredOperation {
    let ordinal: UInt64
    let logged: LoggedOperation
}

extension StoredOperation {
    /// The columns that ``init(_:)`` reads, in its order.
    static let columns =
        """
        bytes, position, verdict, reason, effective, stamp, unsure, seen, acknowledged, answer, \
        lane, ordinal
        """

    init(_ row: Row) throws {
        let ordinal = try row.unsigned(11)
        let operation: Sync.Operation
        do {
            operation = try Sync.Operation(bytes: try row.requiredBytes(0))
        } catch let error as OperationError {
            throw DamagedRow(what: "operation \(ordinal) of the log: \(error.plainText)")
        }
        self.init(
            ordinal: ordinal,
            logged: LoggedOperation(
                operation: operation,
                judgement: try Judgement(row),
                acknowledged: row.integer(8).flatMap { Verdict(rawValue: UInt8(clamping: $0)) },
                answer: try row.text(9),
                lane: Lane(rawValue: UInt8(clamping: try row.requiredInteger(10))) ?? .edits
            )
        )
    }
}

extension Judgement {
    /// Reads the judgement of a row of ``StoredOperation/columns``; nil when it has none.
    init?(_ row: Row) throws {
        guard let position = row.integer(1) else { return nil }
        guard let verdict = Verdict(rawValue: UInt8(clamping: try row.requiredInteger(2))) else {
            throw DamagedRow(what: "a verdict that this program does not know")
        }
        self.init(
            position: UInt64(bitPattern: position),
            verdict: verdict,
            reason: try row.text(3),
            effective: Moment(milliseconds: try row.requiredInteger(4)),
            effectiveStamp: HybridStamp(bits: try row.unsigned(5)),
            timeUnsure: try row.requiredInteger(6) != 0,
            seen: row.integer(7).map { UInt64(bitPattern: $0) }
        )
    }

    /// The seven columns of a judgement, or as many NULLs.
    static func values(_ judgement: Judgement?) -> [Parameter] {
        [
            .unsigned(judgement?.position), .integer(judgement.map { Int64($0.verdict.rawValue) }),
            .text(judgement?.reason), .integer(judgement?.effective.milliseconds),
            .unsigned(judgement?.effectiveStamp.bits),
            .integer(judgement.map { $0.timeUnsure ? 1 : 0 }), .unsigned(judgement?.seen),
        ]
    }
}

extension ChainState {
    /// The columns that ``init(_:)`` reads, in its order.
    static let columns = "replica, incarnation, first, sequence, hash, ended_at, forked"

    init(_ row: Row) throws {
        self.init(
            replica: try row.identifier(0),
            incarnation: try row.unsigned(1),
            first: row.bytes(2).flatMap { Identifier(bytes: $0) },
            sequence: try row.unsigned(3),
            hash: try row.identifier(4),
            endedAt: try row.unsigned(5),
            isForked: try row.requiredInteger(6) != 0
        )
    }
}

extension QuarantinedRecord {
    /// The columns that ``init(_:)`` reads, in its order.
    static let columns =
        "ticket, sender, hash, bytes, verdict, reason, received, state, settled, person, remark"

    init(_ row: Row) throws {
        guard let verdict = Verdict(rawValue: UInt8(clamping: try row.requiredInteger(4))),
            let state = State(rawValue: UInt8(clamping: try row.requiredInteger(7)))
        else {
            throw DamagedRow(what: "a record kept aside in a state that this program does not know")
        }
        self.init(
            ticket: try row.unsigned(0),
            sender: try row.identifier(1),
            hash: try row.identifier(2),
            bytes: try row.requiredBytes(3),
            verdict: verdict,
            reason: try row.text(5),
            received: Moment(milliseconds: try row.requiredInteger(6)),
            state: state,
            settled: row.integer(8).map { Moment(milliseconds: $0) },
            person: try row.text(9),
            remark: try row.text(10)
        )
    }
}
