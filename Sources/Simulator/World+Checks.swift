import Agent
import Hub
import Sync
import Tally

/// What is checked of terminals after their steps, and of everything at the end.
extension World {
    // MARK: - After a step

    /// Notes what a transaction saved, and checks that the terminal shows it.
    func noteSaved(since before: Int, at terminal: SimulatedTerminal) throws {
        let fresh = try terminal.machine.store.read { try $0.log(offset: before, limit: .max) }
        operations += fresh.count
        for logged in fresh {
            let operation = logged.operation
            note(operation.hash.low)
            let id = operation.id
            recordedAt[id] = now
            let genesis = Replica.genesis(of: id.replica, logged.lane)
            let previous = terminal.lastHashes[logged.lane] ?? genesis
            try require(operation.previous == previous, .chain) {
                "operation \(id) of terminal \(terminal.index)"
            }
            terminal.lastHashes[logged.lane] = operation.hash
            try require(operation.seen == terminal.reached[operation.scope] ?? 0, .causality) {
                "operation \(operation.id) of terminal \(terminal.index) says that "
                    + "\(operation.seen) was seen of \(operation.scope), and "
                    + "\(terminal.reached[operation.scope] ?? 0) was"
            }
        }
        terminal.note(fresh)
        guard terminal.broken.isEmpty, terminal.machine.isUp else { return }
        for logged in fresh { try checkSeen(logged.operation, at: terminal) }
    }

    /// What the hub says of when something was recorded.
    func checkTime(_ logged: LoggedOperation) throws {
        // True time is the hub's: a hub whose own clock was wrong cannot know it.
        guard let recorded = recordedAt[logged.operation.id], let judgement = logged.judgement,
            !hub.machine.clock.wasWrong
        else { return }
        guard !judgement.timeUnsure else { return times.unsure += 1 }
        times.sure += 1
        let moment = SimulatedClock.start.adding(milliseconds: Int64(recorded))
        let error = judgement.effective.milliseconds - moment.milliseconds
        try require(abs(error) <= 2_000, .trueTime) {
            "operation \(logged.operation.id) was recorded \(-error) ms later than the hub says"
        }
    }

    private func checkSeen(_ operation: Operation, at terminal: SimulatedTerminal) throws {
        let record = try terminal.read { try $0.record(of: operation.entity) }
        let id = operation.id
        let isSeen: Bool
        switch operation.kind {
        case .fact: isSeen = record.facts.contains { $0.evidence.operation == id }
        case .edit:
            isSeen = (record.fields[operation.type] ?? []).contains { $0.evidence.operation == id }
        case .transition: isSeen = record.moves.contains { $0.recorded.evidence.operation == id }
        case .decision, nil: isSeen = true
        }
        let isKnown = terminal.node.terminal.reducer.knows(operation)
        try require(isSeen || !isKnown, .readYourWrites) {
            "\(operation.type) \(id) at terminal \(terminal.index)"
        }
    }

    /// After a page: the terminal's place is where its pages led, and a group ends there.
    func checkPage(_ response: PullResponse, at terminal: SimulatedTerminal) throws {
        let scope = response.scope
        try require(terminal.scopes.contains(scope), .scope) {
            "terminal \(terminal.index) was given \(scope)"
        }
        let reached = (terminal.reached[scope] ?? 0) + UInt64(response.operations.count)
        terminal.reached[scope] = reached
        try terminal.machine.store.read { reading in
            let cursor = try terminal.node.terminal.cursor(of: scope, in: reading)
            let head = try reading.head(of: scope)
            try require(cursor == reached && head == reached, .causality) {
                "terminal \(terminal.index) is at \(cursor) of \(scope), has \(head), and was "
                    + "given \(reached)"
            }
            let known = max(terminal.based[scope] ?? 0, terminal.folded[scope] ?? 0)
            guard reached > known else { return }
            let last = try reading.stream(scope, after: reached - 1, limit: 1).first
            try require(last?.endsGroup == true, .wholeGroups) {
                "terminal \(terminal.index) stands inside a group of \(scope)"
            }
        }
    }

    /// When a terminal says that it has all, its digest is the hub's.
    func checkDigest(_ response: PullResponse, at terminal: SimulatedTerminal) throws {
        let own = try terminal.machine.store.read { try $0.digest(of: response.scope) }
        try require(own == response.digest, .digest) {
            "terminal \(terminal.index) in \(response.scope)"
        }
        terminal.broken.remove(response.scope)
    }

    /// All that was saved at a terminal is there, but for what it has let go.
    func checkSaved(_ terminal: SimulatedTerminal) throws {
        try terminal.machine.store.read { reading in
            for saved in terminal.saved {
                let found = try reading.operation(saved.id)
                if found == nil, terminal.gone.contains(saved.id) { continue }
                try require(found?.operation.hash == saved.hash, .savedIsKept) {
                    "operation \(saved.id) of terminal \(terminal.index)"
                }
            }
        }
    }

    // MARK: - At the end

    /// What is not quiet yet; nil when all is sent, fetched and told.
    func unrest() throws -> String? {
        guard hub.machine.isUp else { return "the hub is down" }
        let heads = try hub.machine.store.read { reading in
            if try !reading.outbox(limit: 1).isEmpty { return [Scope: UInt64]?.none }
            var heads: [Scope: UInt64] = [:]
            for scope in try reading.scopes() { heads[scope] = try reading.head(of: scope) }
            return heads
        }
        guard let heads else { return "the ERP was not told all" }
        if let reason = try changeUnrest() { return reason }
        guard watch.undecided.isEmpty else { return "the hub still waits for what it lost" }
        for terminal in terminals {
            guard terminal.machine.isUp else { return "terminal \(terminal.index) is down" }
            let reason = try terminal.machine.store.read { reading -> String? in
                for replica in try terminal.node.terminal.identities(in: reading)
                where try reading.backlog(of: replica).count > 0 {
                    return "terminal \(terminal.index) has not sent all"
                }
                if try TerminalReplica.isSucceeding(in: reading) {
                    return "terminal \(terminal.index) has no identity of its own yet"
                }
                for scope in terminal.scopes
                where try terminal.node.terminal.cursor(of: scope, in: reading)
                    != heads[scope] ?? 0
                {
                    let place = try terminal.node.terminal.cursor(of: scope, in: reading)
                    return "terminal \(terminal.index) has not fetched all of \(scope): "
                        + "\(place) of \(heads[scope] ?? 0)"
                }
                return nil
            }
            if let reason { return reason }
        }
        return nil
    }

    func checkEverything() throws {
        try watchHub()
        try checkHub()
        for terminal in terminals {
            try checkSaved(terminal)
            try checkVerdicts(terminal)
            try checkCells(terminal)
            try checkShown(terminal)
        }
        try checkCopies()
        try checkMoves()
        try checkVersions()
        try checkPhotos()
        for (id, hash) in promised where try hubsWord(on: id, hash) == nil {
            throw Broken(.storedIsKept, "operation \(id)")
        }
        for (entity, payload) in watch.told {
            try require(erp.latest[entity] == payload, .erpAgrees) {
                "\(entity.kind) \(entity.id)"
            }
        }
        try require(erp.latest.count == watch.told.count, .erpAgrees) { "orders that are none" }
    }

    /// No two machines have one identity by now, if both have recorded something in one lane since
    /// the copy: each lane is a chain of its own, and only two that go on from one place are seen.
    private func checkCopies() throws {
        let names = terminals.map(\.node.terminal.replica.id)
        for (index, twin) in terminals.enumerated().dropFirst(settings.terminals) {
            guard let other = names[..<index].firstIndex(of: names[index]) else { continue }
            let own = try savedByLane(twin)
            let others = try savedByLane(terminals[other])
            for lane in Lane.allCases {
                let (ids, theirs) = (own[lane] ?? [], others[lane] ?? [])
                try require(ids.isSubset(of: theirs) || theirs.isSubset(of: ids), .chain) {
                    "terminals \(other) and \(index) have one identity in lane \(lane)"
                }
            }
        }
    }

    private func savedByLane(_ terminal: SimulatedTerminal) throws -> [Lane: Set<OperationID>] {
        try terminal.machine.store.read { reading in
            var saved: [Lane: Set<OperationID>] = [:]
            for each in terminal.saved {
                guard let lane = try reading.operation(each.id)?.lane else { continue }
                saved[lane, default: []].insert(each.id)
            }
            return saved
        }
    }

    private func checkHub() throws {
        let store = hub.machine.store
        // Not the hub's own reducer: that one may have a defect.
        let reducer = Reducer(PlantVocabulary.all)
        let replayed = MemoryStore()
        try store.read { reading in
            for scope in try reading.scopes() {
                try replayed.write { try reducer.replay(scope, from: reading, into: $0) }
                let cells = store.cells(in: scope)
                try require(cells == replayed.cells(in: scope), .referenceModel) {
                    "the hub's cells of \(scope) are not those of its log"
                }
                note(try checkSum(scope, of: store).sum.low)
            }
        }
    }

    private func checkVerdicts(_ terminal: SimulatedTerminal) throws {
        for saved in terminal.saved {
            guard let word = try hubsWord(on: saved.id, saved.hash) else {
                throw Broken(.savedIsKept, "\(saved.id) is not at the hub")
            }
            let placed = try hub.machine.store.read { try $0.operation(saved.id)?.judgement }
            let own = try terminal.machine.store.read { try $0.operation(saved.id) }
            if own == nil, terminal.gone.contains(saved.id) { continue }
            let isShared = own.map { terminal.scopes.contains($0.operation.scope) } == true
            // A snapshot has what came of it, and not its place.
            let isInBase = own.map { operation in
                operation.judgement == nil
                    && placed?.position ?? .max <= terminal.based[operation.operation.scope] ?? 0
            }
            let isJudged = placed != nil && isShared && isInBase != true
            let isSeen = isJudged ? own?.judgement == placed : own?.acknowledged == word
            try require(isSeen, .verdictIsSeen) {
                "operation \(saved.id) at terminal \(terminal.index)"
            }
        }
    }

    private func checkCells(_ terminal: SimulatedTerminal) throws {
        let store = terminal.machine.store
        for scope in terminal.scopes {
            try require(
                store.cells(in: scope) == hub.machine.store.cells(in: scope),
                .convergence
            ) { "terminal \(terminal.index) differs from the hub in \(scope)" }
            _ = try checkSum(scope, of: store)
        }
        let foreign = try store.read { try $0.scopes() }.filter { scope in
            !terminal.scopes.contains(scope) && !store.cells(in: scope).isEmpty
        }
        try require(foreign.isEmpty, .scope) { "terminal \(terminal.index) has \(foreign)" }
    }

    /// A scope's digest, which must be that of its cells.
    private func checkSum(_ scope: Scope, of store: MemoryStore) throws -> ScopeDigest {
        var digest = ScopeDigest()
        for (entity, cells) in store.cells(in: scope) {
            for (key, value) in cells { digest.replace(key, of: entity, from: nil, to: value) }
        }
        let kept = try store.read { try $0.digest(of: scope) }
        try require(kept == digest, .digest) { "the digest of \(scope) is not that of its cells" }
        return digest
    }
}
