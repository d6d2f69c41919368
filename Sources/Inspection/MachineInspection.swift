import Forms
import Tally

/// One inspection (点检) of one machine as this replica knows it.
public struct MachineInspection: Hashable, Sendable {
    /// An answer that was given, and how it stands to the limits that the worker saw.
    public struct GivenAnswer: Hashable, Sendable {
        public let evidence: Evidence
        public let question: String
        public let answer: Answer
        public let assessment: Assessment
        /// Whether somebody took it back; it stays visible.
        public internal(set) var isCorrected = false
    }

    public let key: EntityKey
    public let beginning: InspectionFact.Beginning
    /// When it was begun, and by whom.
    public let begun: Evidence
    /// All answers, earliest first, corrected ones included.
    public let answers: [GivenAnswer]
    /// When it was signed, and by whom; nil while it is open.
    public let signed: Evidence?
    /// Facts that this program cannot make sense of; nothing follows from them.
    public let strays: [Evidence]

    /// Reads an inspection; nil when nobody began it.
    public init?(_ record: EntityRecord) {
        var beginnings: [(Evidence, InspectionFact.Beginning)] = []
        var answers: [GivenAnswer] = []
        var corrected: Set<OperationID> = []
        var strays: [Evidence] = []
        for recorded in record.facts {
            let evidence = recorded.evidence
            do {
                switch try InspectionFact(type: recorded.type, payload: recorded.payload) {
                case .begun(let beginning): beginnings.append((evidence, beginning))
                case .answered(let question, let answer, let assessment):
                    answers.append(
                        GivenAnswer(
                            evidence: evidence,
                            question: question,
                            answer: answer,
                            assessment: assessment
                        )
                    )
                case .corrected(let operation): corrected.insert(operation)
                }
            } catch {
                strays.append(evidence)
            }
        }
        let first = beginnings.min { $0.0.isRecordedBefore($1.0) }
        guard let first else { return nil }
        key = record.key
        (begun, beginning) = first
        self.answers = answers.sorted { $0.evidence.isRecordedBefore($1.evidence) }
            .map { given in
                var given = given
                given.isCorrected = corrected.contains(given.evidence.operation)
                return given
            }
        signed =
            record.moves.first { $0.stands && $0.recorded.type == InspectionRoom.signMove }?
            .recorded.evidence
        self.strays = strays
    }

    public var tag: String { beginning.tag }
    /// The machine that it is about.
    public var machineKey: EntityKey { InspectionRoom.equipmentKey(tag, in: key.scope) }
    /// What `now()` stands for in the form's expressions.
    public var now: String { beginning.localTime }
    public var isSigned: Bool { signed != nil }

    /// Answers that nobody took back, by question, the latest last.
    ///
    /// More than one to a question are readings of workers who could not see each other's: all
    /// stand, and all bad ones are findings.
    public var inForce: [String: [GivenAnswer]] {
        Dictionary(grouping: answers.filter { !$0.isCorrected }, by: \.question)
    }

    /// The latest answer to each question, as the form's expressions take them.
    public var latest: [String: Answer] { inForce.compactMapValues { $0.last?.answer } }

    /// Bad answers that nobody took back, earliest first.
    public var findings: [GivenAnswer] {
        answers.filter { !$0.isCorrected && $0.assessment.isBad }
    }

    /// The checks that were ever answered badly here, each once: those whose orders matter.
    public var badChecks: [String] {
        Set(answers.filter(\.assessment.isBad).map(\.question)).sorted()
    }
}
