import Agent
import Sync
import Tally

/// What a terminal makes of the hub's answers, as the daemon's shell does.
extension World {
    /// An answer reaches a terminal; late ones and repeated ones too.
    func receive(_ exchange: Exchange, _ answer: Answer) throws {
        let terminal = terminals[exchange.terminal]
        guard terminal.machine.isUp, terminal.machine.process == exchange.process else { return }
        let isAwaited = terminal.outstanding?.number == exchange.number
        do {
            if case .refused(let refusal) = answer {
                var sent: UpRequest?
                if case .up(let request) = exchange.request { sent = request }
                try terminal.machine.transact(&terminal.node) { node, _, transaction in
                    try node.terminal.noteRefused(refusal, of: sent, in: transaction)
                }
            }
            guard case .body(let bytes) = answer else { throw AgentRefusal.hubStoredNothing }
            var more: Bool
            switch exchange.request {
            case .up(let request): more = try take(bytes, to: request, at: terminal)
            case .pull(let request): more = try take(bytes, to: request, at: terminal)
            case .snapshot(let request):
                try take(bytes, to: request, at: terminal)
                more = true
            }
            guard isAwaited else { return }
            terminal.outstanding = nil
            terminal.failures = nil
            let time = terminal.machine.clock.monotonic(now)
            if terminal.isReturning {
                terminal.isReturning = false
                terminal.peer.hubRestored()
                more = true
            }
            switch exchange.request {
            case .up: terminal.peer.pushed(more: more, now: time)
            case .pull: terminal.peer.pulled(more: more, now: time)
            case .snapshot: break
            }
            try pump(terminal)
        } catch is Machine.Crash {
            stop(terminal)
        } catch is Machine.DiskFault {
            if isAwaited { try fail(exchange) }
        } catch is any Refusal {
            if case .snapshot(let request) = exchange.request {
                try giveUp(request, after: answer, at: terminal)
            }
            if isAwaited { try fail(exchange) }
        } catch let broken as Broken {
            throw broken
        } catch {
            // A page cannot be applied to a state that the disk has changed.
            try require(!terminal.broken.isEmpty, .soundness) {
                "terminal \(terminal.index), answered: \(error)"
            }
            if isAwaited { try fail(exchange) }
        }
    }

    private func fail(_ exchange: Exchange) throws {
        try giveUp(exchange)
    }

    /// - Returns: whether more is unsent.
    private func take(
        _ bytes: [UInt8],
        to request: UpRequest,
        at terminal: SimulatedTerminal
    ) throws -> Bool {
        let before = terminal.machine.store.operationCount
        let clocks = terminal.machine.clock.reading(now)
        let outcome = try terminal.machine.transact(&terminal.node) { node, dice, transaction in
            try node.take(bytes, to: request, at: clocks, dice: &dice, in: transaction)
        }
        switch outcome {
        case .applied(let more):
            guard case .push(let request) = request else { return more }
            let response = try PushResponse(bytes: bytes)
            for (bytes, item) in zip(request.operations, response.items) where item.stored {
                guard let operation = try? Operation(bytes: bytes) else { continue }
                let isNow = try response.epoch == hub.epoch
                try notePromise(operation, item, at: terminal, isNow: isNow)
            }
            return more
        case .newEpoch:
            try require(watch.isRestored, .storedIsKept) { "the hub lost what it said it had" }
            try noteReturning(terminal)
            return true
        case .renewed:
            try noteRenewed(since: before, at: terminal)
            return true
        case .moved:
            try noteMoved(terminal)
            return true
        case .stale: return true
        case .stalled: throw AgentRefusal.hubStoredNothing
        }
    }

    private func notePromise(
        _ operation: Operation,
        _ item: PushResponse.Item,
        at terminal: SimulatedTerminal,
        isNow: Bool
    ) throws {
        promised.append((operation.id, operation.hash))
        // The answer of a hub that was lost since: it is sent again.
        guard isNow else { return }
        let word = try hubsWord(on: operation.id, operation.hash)
        try require(word != nil, .storedIsKept) {
            "operation \(operation.id) of terminal \(terminal.index)"
        }
        try require(word == item.verdict, .verdictIsSeen) {
            "operation \(operation.id) was answered \(item.verdict)"
        }
    }

    /// - Returns: whether the hub has more.
    private func take(
        _ bytes: [UInt8],
        to request: PullRequest,
        at terminal: SimulatedTerminal
    ) throws -> Bool {
        let response = try PullResponse(bytes: bytes)
        let wall = terminal.machine.clock.reading(now).wall
        let outcome = try terminal.machine.transact(&terminal.node) { node, _, transaction in
            try node.terminal.apply(response, to: request, now: wall, in: transaction)
        }
        note(terminal.index, response.operations.count)
        let scope = response.scope
        switch outcome {
        case .stale: return true
        case .newEpoch:
            try require(watch.isRestored, .causality) {
                "terminal \(terminal.index) was ahead of the hub's order"
            }
            try noteReturning(terminal)
            terminal.isReturning = true
            return true
        case .applied(let more):
            try checkPage(response, at: terminal)
            if !more, behind[terminal.index] != nil, try response.epoch == hub.epoch {
                noteCaughtUp(terminal, scope)
            }
            let isAlike = response.reducer == terminal.node.terminal.reducer.fingerprint
            if !more, isAlike { try checkDigest(response, at: terminal) }
            return more
        case .repaired(let refetch):
            try require(terminal.broken.contains(scope), .convergence) {
                "terminal \(terminal.index) had to repair \(scope)"
            }
            // One of several damaged entities may be mended: it is whole when the digests say so.
            if refetch {
                terminal.reached[scope] = 0
                terminal.based[scope] = nil
                terminal.folded[scope] = nil
            } else {
                try checkPage(response, at: terminal)
            }
            return refetch
        case .differs:
            throw Broken(.convergence, "terminal \(terminal.index) differs in \(scope) for good")
        }
    }
}
