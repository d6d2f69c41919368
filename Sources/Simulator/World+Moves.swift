import Agent
import Hub
import Sync
import Tally

/// Terminals that the hub gives to another site.
extension World {
    /// The hub gives a terminal to another site, while it has unsent work.
    func move(_ terminal: SimulatedTerminal) throws {
        guard hub.machine.isUp, hub.deferred == nil, !terminal.isRevoked,
            let site = Plant.sites.first(where: { $0 != terminal.assigned }),
            try hub.machine.store.read({ try HubNode.sites(in: $0) }).contains(site),
            // A restored hub may have forgotten it; its identity may be another machine's too.
            !plan.isChosen(.hubRestored), !plan.isChosen(.terminalCopied)
        else { return }
        // Somebody records something there at the last moment.
        try doSomething(at: terminal)
        do {
            try hub.machine.transact(&hub.node) { _, _, transaction in
                try HubNode.move("terminal \(terminal.index)", to: site, in: transaction)
            }
        } catch is Machine.Crash {
            return stopHub()
        } catch is Machine.DiskFault {
            return
        }
        plan.note(.terminalMoved)
        terminal.assigned = site
        let kept = HubNode.scopes(of: site)
        try terminal.machine.store.read { reading in
            let own = terminal.node.terminal.replica.id
            for logged in try reading.unsent(of: own, limit: .max)
            where !kept.contains(logged.operation.scope) {
                unsentAtMoves.append((logged.operation.id, logged.operation.hash))
            }
        }
    }

    /// A terminal has heard which scopes it shares now: the state of those that it left is gone.
    func noteMoved(_ terminal: SimulatedTerminal) throws {
        let scopes = try terminal.machine.store.read {
            try TerminalReplica.enrolment(in: $0)?.scopes ?? []
        }
        let left = terminal.scopes.filter { !scopes.contains($0) }
        terminal.follow(scopes)
        for scope in left {
            try require(terminal.machine.store.cells(in: scope).isEmpty, .scope) {
                "terminal \(terminal.index) still has state of \(scope), which it has left"
            }
        }
        try checkSaved(terminal)
    }

    /// What was unsent when a scope was taken from its terminal is at the hub, in the order or
    /// aside.
    func checkMoves() throws {
        for (id, hash) in unsentAtMoves where try hubsWord(on: id, hash) == nil {
            throw Broken(.leaving, "operation \(id)")
        }
    }
}
