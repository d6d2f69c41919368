import Agent
import Hub
import Sync
import Tally

/// A hub that is lost and restored, or mistaken for another; terminals that are copied or revoked.
extension World {
    /// A copy of the hub's disk, and what the simulator knew of it.
    struct Backup {
        let image: StoreImage
        let watch: HubWatch
        /// The last position of each scope.
        let heads: [Scope: UInt64]
    }

    func disturbIdentity(of terminal: SimulatedTerminal) throws {
        if plan.isStriking(.foreignHub, &faultDice) { try mistakeHub() }
        if plan.isStriking(.terminalCopied, &faultDice) { try copy(terminal) }
        if plan.isStriking(.terminalRevoked, &faultDice) { try revoke(terminal) }
        if plan.isStriking(.lateTerminal, &faultDice) { try enrollLate(at: terminal.site) }
        guard hub.machine.isUp, hub.deferred == nil else { return }
        if plan.isChosen(.hubRestored), faultDice.happens(20) { try backUp() }
        if plan.isStriking(.hubRestored, &faultDice) { try loseHub() }
    }

    // MARK: - The hub

    func backUp() throws {
        try watchHub()
        let store = hub.machine.store
        let heads = try store.read { try Self.heads($0) }
        backups = backups.suffix(4) + [Backup(image: store.image, watch: watch, heads: heads)]
    }

    /// The hub's disk is lost; a backup of some age takes its place, in a new epoch.
    ///
    /// A second loss before terminals have fetched again what they gave back would find nobody who
    /// holds it.
    private func loseHub() throws {
        guard behind.isEmpty, !backups.isEmpty else { return }
        let place = faultDice.below(backups.count)
        let backup = backups[place]
        // What was backed up of the past that is lost now is no past of what comes.
        backups = Array(backups[...place])
        plan.note(.hubRestored)
        try hub.restore(backup.image, now: now)
        let (poison, verdicts) = (watch.poison, watch.verdicts)
        watch = backup.watch
        watch.poison.formUnion(poison)
        watch.verdicts = verdicts
        watch.isRestored = true
        watch.model.copied = copied
        for terminal in terminals where !terminal.isRevoked {
            behind[terminal.index] = Set(terminal.scopes)
        }
        try watchHub()
    }

    func noteCaughtUp(_ terminal: SimulatedTerminal, _ scope: Scope) {
        behind[terminal.index]?.remove(scope)
        if behind[terminal.index]?.isEmpty == true { behind[terminal.index] = nil }
    }

    /// For a while another site's hub answers, which knows the terminals too.
    private func mistakeHub() throws {
        guard now >= foreignUntil else { return }
        plan.note(.foreignHub)
        foreignUntil = now + faultDice.below(Self.hour)
        let other =
            try foreignHub
            ?? SimulatedHub(
                defects: [],
                dice: SeededDice(seed: faultDice.next())
            )
        foreignHub = other
        for terminal in terminals {
            try other.take(in: terminal, now: now)
        }
    }

    /// A request reaches the wrong hub; its answer changes nothing at the terminal.
    func receive(_ exchange: Exchange, _ bytes: [UInt8], by other: SimulatedHub) throws {
        do {
            let answer = try other.answer(exchange.request, bytes, now: now)
            schedule(.answer(exchange, .body(answer)), in: 5)
        } catch let refusal as SyncRefusal {
            schedule(.answer(exchange, .refused(refusal)), in: 5)
        } catch is any Refusal {
            schedule(.answer(exchange, .failure), in: 5)
        }
    }

    // MARK: - Terminals

    /// Somebody copies a terminal's disk, and both machines go on.
    private func copy(_ terminal: SimulatedTerminal) throws {
        guard terminals.count < settings.terminals + 2, !terminal.isRevoked else { return }
        plan.note(.terminalCopied)
        let dice = SeededDice(seed: faultDice.next())
        let twin = try SimulatedTerminal(copyOf: terminal, terminals.count, dice: dice)
        terminals.append(twin)
        try noteBases(of: twin)
        copied.formUnion(try identities(of: terminal))
        // The key that it may have made for a new identity is in both machines too.
        if let key = try terminal.machine.store.read({ try $0.setting(Setting.successionKey) }) {
            copied.insert(try Replica(privateKey: key).id)
        }
        watch.model.copied = copied
        if let scopes = behind[terminal.index] { behind[twin.index] = scopes }
        schedule(.photoRound(terminal: twin.index), in: Self.minute)
        schedule(.act(twin.index), in: 1_000 + floorDice.below(10 * Self.minute))
        try pump(twin)
    }

    /// A new terminal comes into a plant that has been at work for a while.
    private func enrollLate(at site: String) throws {
        guard terminals.count < settings.terminals + 2, hub.machine.isUp, hub.deferred == nil,
            // A restored hub waits only for those that its backup knows.
            !plan.isChosen(.hubRestored)
        else { return }
        let late = try SimulatedTerminal(
            terminals.count,
            site: site,
            settings: peerSettings,
            defects: defects,
            dice: SeededDice(seed: faultDice.next())
        )
        do {
            try enroll(late)
        } catch is Machine.Crash {
            return stopHub()
        } catch is Machine.DiskFault {
            return
        }
        plan.note(.lateTerminal)
        terminals.append(late)
        schedule(.act(late.index), in: 1_000 + floorDice.below(10 * Self.minute))
        schedule(.photoRound(terminal: late.index), in: Self.minute)
        try watchHub()
        try pump(late)
    }

    func identities(of terminal: SimulatedTerminal) throws -> [Identifier] {
        try terminal.machine.store.read { try terminal.node.terminal.identities(in: $0) }
    }

    /// A terminal was found out as the later of two copies, and has an identity of its own.
    func noteRenewed(since before: Int, at terminal: SimulatedTerminal) throws {
        let former = try identities(of: terminal).dropLast().last
        try require(former.map(copied.contains) == true, .chain) {
            "terminal \(terminal.index) was taken for a copy"
        }
        // What lay aside as a fork is recorded again under the new name.
        let again = try terminal.machine.store.read { try $0.log(offset: before, limit: .max) }
        terminal.lastHashes = [:]
        for logged in again { terminal.lastHashes[logged.lane] = logged.operation.hash }
        terminal.note(again)
    }

    /// The hub revokes a terminal, which goes on recording.
    private func revoke(_ terminal: SimulatedTerminal) throws {
        let revoked = terminals.filter(\.isRevoked).count
        guard hub.machine.isUp, hub.deferred == nil, revoked == 0, terminals.count > 2,
            // A restored hub may have forgotten it; its identity may be another machine's too.
            !plan.isChosen(.hubRestored), !plan.isChosen(.terminalCopied)
        else { return }
        let reading = hub.machine.clock.reading(now)
        let replica = terminal.node.terminal.replica.id
        do {
            try hub.machine.transact(&hub.node) { _, _, transaction in
                try HubReplica.revoke(replica, now: reading.wall, in: transaction)
            }
        } catch is Machine.Crash {
            return stopHub()
        } catch is Machine.DiskFault {
            return
        }
        plan.note(.terminalRevoked)
        terminal.isRevoked = true
        watch.revoked.insert(replica)
    }

    /// A terminal was told that the hub was restored; what it has seen is counted anew once it has
    /// given everything back.
    func noteReturning(_ terminal: SimulatedTerminal) throws {
        try terminal.machine.store.read { reading in
            for scope in terminal.scopes {
                terminal.reached[scope] = try terminal.node.terminal.cursor(of: scope, in: reading)
            }
        }
    }
}
