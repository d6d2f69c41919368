import Codes
import ExceptionReports
import Inspection
import Receiving
import Sync
import Tally

/// What became of something that was recorded at this terminal.
public struct RecordState: Hashable, Sendable {
    /// How far it has come.
    public enum Stage: String, Sendable, CaseIterable {
        /// Saved here, and not sent yet.
        case unsent
        /// The hub has it on disk.
        case stored
        /// It has come back in the hub's order.
        case ordered
        /// A backup of the hub has it too.
        case secured
    }

    public let operation: OperationID
    public let entity: EntityKey
    /// What the entity is called on the floor: a note's number, a machine's tag; nil when this
    /// terminal does not know it.
    public let name: String?
    public let type: String
    /// Who recorded it: the name, or the badge where nobody registered it.
    public let worker: String
    /// When it was recorded, by this terminal's clock.
    public let recorded: Moment
    public let stage: Stage
    /// The hub's word; nil before it gave one.
    public let verdict: Verdict?
    /// A problem code; empty when the hub gave none.
    public let reason: String

    init(
        _ logged: LoggedOperation,
        _ reader: EntityReader,
        in reading: any ReplicaReading
    ) throws {
        operation = logged.operation.id
        entity = logged.operation.entity
        name = try reader.name(of: entity)
        type = logged.operation.type
        worker = try reader.workerName(logged.operation.author)
        recorded = logged.operation.reading.wall
        let word = logged.word
        let secured = try TerminalReplica.secured(of: logged.operation.scope, in: reading)
        stage =
            if let position = logged.judgement?.position {
                position <= secured ? .secured : .ordered
            } else {
                word == nil ? .unsent : .stored
            }
        verdict = word?.verdict
        reason = word?.reason ?? ""
    }
}

/// How what was recorded at this terminal stands.
public struct RecordReport: Hashable, Sendable {
    /// How many are not sent yet.
    public var unsent = 0
    /// Since when the oldest of them waits.
    public var unsentSince: Moment?
    /// What is not sent, in the order in which it will be, and what did not simply take effect, the
    /// latest first.
    public var records: [RecordState] = []
}

extension TerminalShell {
    /// What waits here, and what the hub did not simply accept.
    ///
    /// - Parameter limit: the most of either.
    /// - Returns: how they stand.
    /// - Throws: what the store throws.
    public func records(limit: Int = 100) async throws -> RecordReport {
        let terminal = terminal
        return try await read { reader, reading in
            var report = RecordReport()
            var troubled: [LoggedOperation] = []
            for replica in try terminal.identities(in: reading) {
                let backlog = try reading.backlog(of: replica)
                report.unsent += backlog.count
                if let since = backlog.since {
                    report.unsentSince = min(report.unsentSince ?? since, since)
                }
                report.records += try reading.unsent(of: replica, limit: limit)
                    .map { try RecordState($0, reader, in: reading) }
                troubled += try reading.troubled(of: replica, limit: limit)
            }
            report.records += try troubled.map { try RecordState($0, reader, in: reading) }
            return report
        }
    }

    /// What became of one operation that was recorded here; nil when none has this name.
    public func record(_ id: OperationID) async throws -> RecordState? {
        let terminal = terminal
        return try await read { reader, reading in
            guard try terminal.identities(in: reading).contains(id.replica) else { return nil }
            return try reading.operation(id).map { try RecordState($0, reader, in: reading) }
        }
    }
}

extension EntityReader {
    /// What an entity is called on the floor; nil when it is not known here or has no name.
    func name(of entity: EntityKey) throws -> String? {
        let record = try record(of: entity)
        return switch entity.kind {
        case ReceivingRoom.EntityKind.receipt: Receipt(record)?.note.number
        case ReceivingRoom.EntityKind.deliveryNote: DeliveryNote(record)?.content.number
        case InspectionRoom.EntityKind.equipment: Equipment(record)?.tag
        case InspectionRoom.EntityKind.inspection: MachineInspection(record)?.tag
        case InspectionRoom.EntityKind.maintenanceOrder: MaintenanceOrder(record)?.number
        case ExceptionRoom.EntityKind.report: Self.place(of: ExceptionReport(record)?.raising)
        default: nil
        }
    }

    private static func place(of raising: Raising?) -> String? {
        raising.map { $0.equipment.isEmpty ? $0.station : $0.equipment }
    }
}
