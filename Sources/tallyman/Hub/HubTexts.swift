import Connectors
import Hub
import Tally

// Orders and reports in words, for people at a terminal.

extension ArrivalOrderView {
    var text: String {
        let held = status == "held_for_review" ? "  HELD FOR REVIEW 待复核" : ""
        let mark = unsigned ? "  UNSIGNED 未签名" : ""
        let head = "\(number) r\(revision)  \(supplier) \(note)  arrived \(arrived)\(mark)\(held)"
        let lines = lines.map { line in
            let lots = line.lots.map { "\($0.lot): \($0.quantity)" }.joined(separator: ", ")
            let damaged = line.damaged.map { "  damaged \($0)" } ?? ""
            let counted = "\(line.counted) of \(line.expected) \(line.unit)"
            return "    \(line.line)  \(line.material)  \(counted)  \(lots)\(damaged)"
        }
        let pairs = doubleCounts.map { pair in
            "    line \(pair.line): \(pair.one.what) by \(pair.one.worker) at \(pair.one.moment)"
                + " | \(pair.other.what) by \(pair.other.worker) at \(pair.other.moment)"
                + " → \(pair.ruling)"
        }
        let papers = notes.map { note in
            let standing = note.holds ? note.settled ? "holds" : "holds for now" : "differs"
            return "    note issued \(note.issued), scanned by \(note.opening.worker) at "
                + "\(note.opening.moment): \(standing)  \(note.opening.operation)\n        "
                + note.lines.joined(separator: ", ")
        }
        return ([head] + lines + pairs + papers).joined(separator: "\n")
    }
}

extension MaintenanceOrderView {
    var text: String {
        let head = "\(number) r\(revision)  \(equipment) \(check)  \(stage)  team \(team)"
        let findings = findings.map { finding in
            "    \(finding.answer) (limits \(finding.limits))"
                + " by \(finding.observation.worker) at \(finding.observation.moment)"
        }
        return ([head] + findings).joined(separator: "\n")
    }
}

extension ExceptionReportView {
    var summary: String { "\(equipment) \(category)  \(stage)  → \(team)  \(text.prefix(60))" }
}

extension ImportReport {
    var text: String {
        let counts = "read \(read), new \(new), changed \(changed), unchanged \(unchanged)"
        let head = "\(file): \(counts), refused \(refused.count)"
        let rows = refused.map { row in
            "    line \(row.line): " + Texts.shared.problem(StoredRefusal(row.reason, row.facts))
        }
        return ([head] + rows).joined(separator: "\n")
    }
}

/// A refusal that is kept as its code and facts.
private struct StoredRefusal: Refusal {
    let code: ProblemCode
    let facts: [String: String]

    init(_ code: String, _ facts: [String: String]) {
        self.code = ProblemCode(code)
        self.facts = facts
    }
}
