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

    /// The answer in plain text: `0.42 MPA`, `yes`, `worn`; a photo is its hash in hexadecimal.
    public var plainText: String {
        switch self {
        case .quantity(let quantity): quantity.description
        case .yesNo(let yes): yes ? "yes" : "no"
        case .choice(let name): name
        case .text(let text): text
        case .photo(let hash): hash.hexadecimal
        }
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
        case .quantity(let measured):
            guard let unit = Unit(measured.unit), let scale = UInt8(exactly: measured.scale),
                let quantity = Quantity(amount: measured.amount, scale: scale, unit: unit)
            else { throw .malformed("Answer.quantity") }
            self = .quantity(quantity)
        case .yes(let yes): self = .yesNo(yes)
        case .choice(let name): self = .choice(name)
        case .text(let text): self = .text(text)
        case .photo(let hash):
            guard hash.count == 32 else { throw .malformed("Answer.photo") }
            self = .photo(Array(hash))
        case nil: throw .malformed("Answer")
        }
    }

    /// The answer as a serialised `Answer` of `forms.proto`.
    public func payload() throws -> [UInt8] {
        var wire = WireAnswer()
        switch self {
        case .quantity(let quantity):
            var measured = WireMeasured()
            measured.amount = quantity.amount
            measured.scale = UInt32(quantity.scale)
            measured.unit = quantity.unit.code
            wire.quantity = measured
        case .yesNo(let yes): wire.yes = yes
        case .choice(let name): wire.choice = name
        case .text(let text): wire.text = text
        case .photo(let hash): wire.photo = Data(hash)
        }
        return try wire.serializedBytes()
    }
}
