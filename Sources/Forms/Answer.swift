import Foundation
import SwiftProtobuf
import Tally

/// What a person answered to a question.
public enum Answer: Hashable, Sendable {
    case quantity(Quantity)
    case yesNo(Bool)
    /// The name of a choice.
    case choice(String)
    case text(String)
    /// The SHA-256 of a photo, 32 bytes.
    case photo([UInt8])
    /// What a meter shows.
    case meter(MeterReading)
    /// The badge code of who signed.
    case signature(String)
    /// What a newer program recorded and this one cannot make sense of, byte for byte.
    case opaque([UInt8])

    /// The number, of an answer that is one.
    public var quantity: Quantity? {
        switch self {
        case .quantity(let quantity): quantity
        case .meter(let reading): reading.quantity
        default: nil
        }
    }

    /// The answer in plain text: `0.42 MPA`, `yes`, `worn`; a photo is its hash in hexadecimal.
    public var plainText: String {
        switch self {
        case .quantity(let quantity): quantity.description
        case .yesNo(let yes): yes ? "yes" : "no"
        case .choice(let name): name
        case .text(let text): text
        case .photo(let hash): hash.hexadecimal
        case .meter(let reading): reading.quantity.description
        case .signature(let badge): badge
        case .opaque(let bytes): bytes.hexadecimal
        }
    }
}

/// A reading of a meter, and what a person knows about it.
public struct MeterReading: Hashable, Sendable {
    /// What happened to the meter before this reading.
    public enum Event: String, Hashable, Sendable, CaseIterable {
        /// It ran past its highest number and began at zero again.
        case rollover
        /// Another meter was put in its place.
        case swap
        /// It was set back.
        case reset
        /// The reading was questioned, and a person says that it is so.
        case confirmed
    }

    public let quantity: Quantity
    /// Nil for a reading that nothing was said about.
    public let event: Event?

    public init(_ quantity: Quantity, event: Event? = nil) {
        self.quantity = quantity
        self.event = event
    }
}

/// How an answer stands to the limits of its question.
public enum Assessment: Hashable, Sendable {
    case good
    /// Out of the limits, given in plain text: `0.4 … 0.8 MPA`, `no`. `severe` when the form calls
    /// a bad answer to this question a severe hazard.
    case bad(limits: String, severe: Bool)
    /// The question has no limits.
    case noted

    public var isBad: Bool {
        if case .bad = self { true } else { false }
    }
}

extension Answer {
    /// Reads a serialised `Answer` of `forms.proto`.
    public init(payload: [UInt8]) throws(FormRefusal) {
        let wire: WireAnswer
        do {
            wire = try WireAnswer(serializedBytes: payload)
        } catch {
            throw .malformed("Answer")
        }
        switch wire.value {
        case .quantity(let measured): self = .quantity(try Quantity(measured))
        case .yes(let yes): self = .yesNo(yes)
        case .choice(let name): self = .choice(name)
        case .text(let text): self = .text(text)
        case .photo(let hash):
            guard hash.count == 32 else { throw .malformed("Answer.photo") }
            self = .photo(Array(hash))
        case .meter(let meter):
            // An event that a newer program has names is one that this one confirms nothing by.
            let event = MeterReading.Event(rawValue: meter.event)
            self = .meter(MeterReading(try Quantity(meter.reading), event: event))
        case .signature(let badge):
            guard !badge.isEmpty else { throw .malformed("Answer.signature") }
            self = .signature(badge)
        case nil:
            guard !wire.unknownFields.data.isEmpty else { throw .malformed("Answer") }
            self = .opaque(payload)
        }
    }

    /// The answer as a serialised `Answer` of `forms.proto`.
    public func payload() throws -> [UInt8] {
        var wire = WireAnswer()
        switch self {
        case .quantity(let quantity): wire.quantity = quantity.wire
        case .yesNo(let yes): wire.yes = yes
        case .choice(let name): wire.choice = name
        case .text(let text): wire.text = text
        case .photo(let hash): wire.photo = Data(hash)
        case .meter(let reading):
            var meter = WireMeterReading()
            meter.reading = reading.quantity.wire
            meter.event = reading.event?.rawValue ?? ""
            wire.meter = meter
        case .signature(let badge): wire.signature = badge
        case .opaque(let bytes): return bytes
        }
        return try wire.serializedBytes()
    }
}

extension Quantity {
    fileprivate init(_ measured: WireMeasured) throws(FormRefusal) {
        guard let unit = Unit(measured.unit), let scale = UInt8(exactly: measured.scale),
            let quantity = Quantity(amount: measured.amount, scale: scale, unit: unit)
        else { throw .malformed("Answer.quantity") }
        self = quantity
    }

    fileprivate var wire: WireMeasured {
        var measured = WireMeasured()
        measured.amount = amount
        measured.scale = UInt32(scale)
        measured.unit = unit.code
        return measured
    }
}
