import Forms
import Foundation
import SwiftProtobuf
import Tally

/// What is recorded in an inspection; `Wire/inspection.proto` draws the bytes.
public enum InspectionFact: Hashable, Sendable {
    case begun(Beginning)
    case answered(question: String, answer: Answer, assessment: Assessment)
    /// An answer is taken back.
    case corrected(operation: OperationID)

    /// What an inspection is about.
    public struct Beginning: Hashable, Sendable {
        /// The machine's tag.
        public let tag: String
        /// The code and version of the form; the inspection keeps them to its end.
        public let form: String
        public let formVersion: Int
        /// Whether the machine's plate was read, which proves that the worker stood before it.
        public let plateScanned: Bool
        /// The route that it is a stop of; empty for none.
        public let route: String
        /// The date and time at the terminal with its offset from UTC, in ISO 8601, for the form's
        /// expressions; empty when the terminal did not say.
        public let localTime: String

        public init(
            tag: String,
            form: String,
            formVersion: Int,
            plateScanned: Bool,
            route: String = "",
            localTime: String = ""
        ) {
            self.tag = NaturalKey.code(tag)
            self.form = form
            self.formVersion = formVersion
            self.plateScanned = plateScanned
            self.route = route
            self.localTime = localTime
        }
    }

    static let types = ["inspection.begun", "inspection.answered", "inspection.corrected"]

    var type: String {
        switch self {
        case .begun: Self.types[0]
        case .answered: Self.types[1]
        case .corrected: Self.types[2]
        }
    }

    init(type: String, payload: [UInt8]) throws {
        do {
            switch type {
            case Self.types[0]: self = .begun(try Beginning(WireBegun(serializedBytes: payload)))
            case Self.types[1]: self = try Self(WireAnswered(serializedBytes: payload))
            case Self.types[2]:
                let wire = try WireCorrected(serializedBytes: payload)
                guard let operation = OperationID(bytes: wire.operation) else {
                    throw InspectionRefusal.badPayload(type: type)
                }
                self = .corrected(operation: operation)
            default: throw InspectionRefusal.badPayload(type: type)
            }
        } catch {
            throw InspectionRefusal.badPayload(type: type)
        }
    }

    private init(_ wire: WireAnswered) throws {
        guard !wire.question.isEmpty else { throw FormRefusal.malformed("Answered") }
        let assessment: Assessment =
            switch wire.assessment {
            case .good: .good
            case .bad(let bad): .bad(limits: bad.limits, severe: bad.severe)
            case .noted: .noted
            case nil: throw FormRefusal.malformed("Answered.assessment")
            }
        self = .answered(
            question: wire.question,
            answer: try Answer(payload: Array(wire.answer)),
            assessment: assessment
        )
    }

    func payload() throws -> [UInt8] {
        switch self {
        case .begun(let beginning):
            var wire = WireBegun()
            wire.tag = beginning.tag
            wire.form = beginning.form
            wire.formVersion = UInt32(clamping: beginning.formVersion)
            wire.plateScanned = beginning.plateScanned
            wire.route = beginning.route
            wire.localTime = beginning.localTime
            return try wire.serializedBytes()
        case .answered(let question, let answer, let assessment):
            var wire = WireAnswered()
            wire.question = question
            wire.answer = Data(try answer.payload())
            switch assessment {
            case .good: wire.good = WireAnswered.Good()
            case .bad(let limits, let severe):
                var bad = WireAnswered.Bad()
                bad.limits = limits
                bad.severe = severe
                wire.bad = bad
            case .noted: wire.noted = WireAnswered.Noted()
            }
            return try wire.serializedBytes()
        case .corrected(let operation):
            var wire = WireCorrected()
            wire.operation = Data(operation.bytes)
            return try wire.serializedBytes()
        }
    }

    func draft(of key: EntityKey) throws -> Draft {
        Draft(.fact, of: key, type: type, payload: try payload())
    }
}

extension InspectionFact.Beginning {
    fileprivate init(_ wire: WireBegun) throws {
        guard !wire.tag.isEmpty, !wire.form.isEmpty, wire.formVersion > 0 else {
            throw InspectionRefusal.badPayload(type: InspectionFact.types[0])
        }
        self.init(
            tag: wire.tag,
            form: wire.form,
            formVersion: Int(wire.formVersion),
            plateScanned: wire.plateScanned,
            route: wire.route,
            localTime: wire.localTime
        )
    }
}
