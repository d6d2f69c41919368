import Hub
import Sync
import Tally
import Workforce

extension HubDesk {
    /// Throws unless this badge is a team leader's or supervisor's.
    func requireReviewer(_ badge: String) async throws {
        let reviewer = try await shell.read { node, reading in
            Worker(try node.reader(reading).record(of: Worker.key(badge: badge)))
        }
        guard let reviewer, !reviewer.roles.isDisjoint(with: [.teamLeader, .supervisor]) else {
            throw HubRefusal.mayNotReview(badge)
        }
    }

    /// Answers what is asked of records that are kept aside, and of terminals.
    func answerIntake(_ request: HubRequest) async throws -> HubAnswer {
        switch request {
        case .keptAside(let all):
            return .keptAside(try await shell.read { try $0.keptAside(all: all, in: $1) })
        case .release(let ticket, let worker):
            try await requireReviewer(worker)
            let verdict = try await shell.write { node, dice, reading, transaction in
                try node.release(
                    ticket,
                    by: worker,
                    reading: reading,
                    dice: &dice,
                    in: transaction
                )
            }
            return .released(verdict: "\(verdict)")
        case .dismiss(let ticket, let reason, let worker):
            try await requireReviewer(worker)
            try await shell.write { node, _, reading, transaction in
                try node.dismiss(
                    ticket,
                    by: worker,
                    because: reason,
                    now: reading.wall,
                    in: transaction
                )
            }
            return .done
        case .terminals:
            return .terminals(try await shell.read { try $0.terminals(in: $1) })
        case .revoke(let terminal):
            try await shell.write { node, dice, reading, transaction in
                try HubNode.revoke(terminal, now: reading.wall, in: transaction)
                try node.noteHeard(nil, reading: reading, dice: &dice, in: transaction)
            }
            return .done
        case .move(let terminal, let site):
            try await shell.write { _, _, _, transaction in
                try HubNode.move(terminal, to: site, in: transaction)
            }
            return .done
        case .resume:
            try await shell.write { node, dice, reading, transaction in
                try node.endRecovery(reading: reading, dice: &dice, in: transaction)
            }
            return .done
        default:
            return .done
        }
    }
}
