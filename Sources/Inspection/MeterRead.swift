import Forms
import Foundation
import SwiftProtobuf
import Tally

/// That somebody read one of a machine's meters: a fact of the machine, since its meters outlive
/// inspections.
struct MeterRead: Hashable {
    static let type = "equipment.meter_read"

    /// The question that asked for it, which names the meter.
    let meter: String
    let reading: MeterReading
    /// A later reading of the same inspection replaces this one.
    let inspection: Identifier
    /// Where it is recorded; nil for one that was read from its bytes.
    private let key: EntityKey?

    init(_ question: String, _ reading: MeterReading, in inspection: MachineInspection) {
        meter = question
        self.reading = reading
        self.inspection = inspection.key.id
        key = InspectionRoom.equipmentKey(inspection.tag, in: inspection.key.scope)
    }

    init(payload: [UInt8]) throws(InspectionRefusal) {
        let wire: WireMeterRead
        let answer: Answer
        do {
            wire = try WireMeterRead(serializedBytes: payload)
            answer = try Answer(payload: Array(wire.answer))
        } catch {
            throw .badPayload(type: Self.type)
        }
        guard case .meter(let reading) = answer, !wire.meter.isEmpty,
            let inspection = Identifier(bytes: Array(wire.inspection))
        else { throw .badPayload(type: Self.type) }
        meter = wire.meter
        self.reading = reading
        self.inspection = inspection
        key = nil
    }

    func draft() throws -> Draft {
        guard let key else { preconditionFailure("a reading of no machine") }
        var wire = WireMeterRead()
        wire.meter = meter
        wire.answer = Data(try Answer.meter(reading).payload())
        wire.inspection = Data(inspection.bytes)
        return Draft(.fact, of: key, type: Self.type, payload: try wire.serializedBytes())
    }
}
