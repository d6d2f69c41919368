import Agent
import Hub
import Sync
import Tally

/// What the hub cannot understand or must not take: another program than ours ran on a terminal for
/// a moment, and recorded its own things.
extension World {
    func speakNonsense(_ terminal: SimulatedTerminal) throws {
        let scope = Plant.floor(terminal.site)
        let inspection = EntityKey(scope: scope, kind: "inspection", id: .random(&faultDice))
        let elsewhere = EntityKey(
            scope: Scope(site: "ELSEWHERE", area: "DOCK"),
            kind: "inspection",
            id: .random(&faultDice)
        )
        let garbage = (0..<faultDice.below(40)).map { _ in UInt8(faultDice.below(256)) }
        var drafts: [Draft] = []
        if plan.strikes(.poison, &faultDice) {
            let choices = [
                Draft(.fact, of: inspection, type: "inspection.answered", payload: garbage),
                Draft(.edit, of: inspection, type: "equipment.location", payload: [0xFF]),
            ]
            drafts.append(choices[faultDice.below(choices.count)])
        }
        if plan.strikes(.unknownKind, &faultDice) {
            let choices = [
                Draft(.fact, of: inspection, type: "inspection.smelt", payload: garbage),
                Draft(.transition, of: inspection, type: "inspection.unsign"),
            ]
            drafts.append(choices[faultDice.below(choices.count)])
        }
        if plan.strikes(.falseDecision, &faultDice) {
            let type = "maintenance_order.issued"
            drafts.append(Draft(.decision, of: inspection, type: type, payload: garbage))
        }
        if plan.strikes(.foreignScope, &faultDice) {
            let type = "inspection.answered"
            drafts.append(Draft(.fact, of: elsewhere, type: type, payload: garbage))
        }
        if plan.strikes(.bigOperation, &faultDice) {
            let most = Array(repeating: 0xFF as UInt8, count: Operation.byteCountMax - 400)
            drafts.append(Draft(.fact, of: inspection, type: "inspection.smelt", payload: most))
        }
        for draft in drafts {
            try recordAside(draft, at: terminal)
            if let saved = terminal.saved.last { watch.poison.insert(saved.id) }
        }
    }

    private func recordAside(_ draft: Draft, at terminal: SimulatedTerminal) throws {
        let before = terminal.machine.store.operationCount
        var replica = terminal.node.terminal
        let reading = terminal.machine.clock.reading(now)
        try terminal.machine.transact(&replica) { replica, dice, transaction in
            let other = try Replica.open(transaction, dice: &dice)
            replica = TerminalReplica(other, replica.reducer)
            _ = try replica.record([draft], by: "", reading: reading, dice: &dice, in: transaction)
        }
        try noteSaved(since: before, at: terminal)
    }
}
