import Codes
import Tally

extension Receipt {
    /// Something that was seen, as it was recorded: what was taken back stays beside what took it
    /// back.
    public struct Observation: Hashable, Sendable {
        /// What was seen.
        public enum Kind: Hashable, Sendable {
            case counted(Quantity, lot: String, asNoted: Bool)
            case carton(String)
            case damaged(Quantity)
        }

        public let evidence: Evidence
        public let kind: Kind
        /// The line as it was named then; nil for a carton.
        public let line: Int?
        /// What took it back, and why; nil while it stands.
        public let correction: Evidence?
        public let reason: String

        init?(_ evidence: Evidence, _ fact: ReceiptFact, _ correction: (Evidence, String)?) {
            switch fact {
            case .counted(let line, let lot, let quantity, let asNoted, _):
                (self.line, kind) = (line, .counted(quantity, lot: lot, asNoted: asNoted))
            case .cartonSeen(let sscc): (line, kind) = (nil, .carton(sscc))
            case .damaged(let line, let quantity, _, _, _):
                (self.line, kind) = (line, .damaged(quantity))
            default: return nil
            }
            self.evidence = evidence
            self.correction = correction?.0
            reason = correction?.1 ?? ""
        }
    }

    /// Whether the goods came without papers.
    public var isWithoutPapers: Bool {
        openings.allSatisfy { $0.rule == ReceivingRoom.withoutPapers }
    }
}

extension Receipt.DoubleCount {
    /// After so many minutes without a ruling the supervisor is told too.
    public static let rulingMinutes: Int64 = 240

    /// By when a team leader is to rule, from when the later of the two was recorded.
    public var deadline: Moment {
        max(one.evidence.moment, other.evidence.moment)
            .adding(milliseconds: Self.rulingMinutes * 60_000)
    }
}
