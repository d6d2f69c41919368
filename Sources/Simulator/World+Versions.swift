import Agent
import Hub
import Sync
import Tally

/// Programs of several versions side by side, upgraded one after another.
extension World {
    /// A made-up older program: it speaks version 1 alone, and offers nothing.
    static let older = ProtocolVersions(1...1)
    /// A program that does not speak what the older one does.
    static let later = ProtocolVersions(2...2)

    /// Some machines begin with an older program, and get the present one in the middle of the run;
    /// or some never.
    func startOlder() throws {
        let end = UInt64(settings.days) * Self.day
        if plan.strikes(.olderHub, &changeDice) {
            hub.speaks = Self.older
            try hub.restart(now: now)
        }
        if hub.speaks == Self.older || plan.isChosen(.endedVersion) {
            schedule(.upgrade(terminal: nil), in: changeDice.below(end))
        }
        for terminal in terminals where plan.strikes(.olderTerminal, &changeDice) {
            terminal.speaks = Self.older
            try terminal.restart(isOld: false)
            let when = changeDice.below(end + end / 2)
            if when < end { schedule(.upgrade(terminal: terminal.index), in: when) }
        }
    }

    func upgrade(_ index: Int?) {
        guard let index else { return upgradeHub() }
        let terminal = terminals[index]
        terminal.speaks = .spoken
        if terminal.machine.isUp { stop(terminal) }
    }

    private func upgradeHub() {
        hub.speaks = plan.strikes(.endedVersion, &changeDice) ? Self.later : .spoken
        // Of two processes one may go on for a while as it is.
        let isRolling = plan.isChosen(.twoProcesses) && changeDice.happens(50)
        if isRolling {
            hub.dropOther()
        } else if hub.machine.isUp {
            stopHub()
        }
    }

    /// Whoever could not speak with the other side for good gets the present program now.
    func endVersions() {
        if hub.node.replica.speaks != hub.speaks, hub.machine.isUp { stopHub() }
        hub.dropOther()
        for terminal in terminals where terminal.speaks.newest < hub.speaks.oldest {
            terminal.speaks = .spoken
            terminal.stop()
        }
    }

    /// The newest version that a terminal and the hub both speak.
    private func common(_ terminal: SimulatedTerminal) -> UInt32 {
        min(terminal.speaks.newest, hub.speaks.newest)
    }

    /// What is not quiet yet about versions and places; nil when nothing is.
    func changeUnrest() throws -> String? {
        for terminal in terminals where terminal.machine.isUp {
            let version = try terminal.machine.store.read {
                try terminal.node.terminal.version(in: $0)
            }
            if version != common(terminal) {
                return "terminal \(terminal.index) still speaks version \(version)"
            }
            if terminal.site != terminal.assigned {
                return "terminal \(terminal.index) has not heard that it is at "
                    + "\(terminal.assigned) now"
            }
        }
        return nil
    }

    /// The hub answers only what is said in a version that its program speaks.
    func checkVersion(of exchange: Exchange) throws {
        let version: UInt32
        switch exchange.request {
        case .up(.push(let request)): version = request.version
        case .pull(let request): version = request.version
        case .up, .snapshot: return
        }
        let speaks = hub.node.replica.speaks
        try require(speaks.oldest <= version && version <= speaks.newest, .versions) {
            "the hub answered version \(version), and speaks \(speaks.oldest) to "
                + "\(speaks.newest)"
        }
    }

    func checkVersions() throws {
        for terminal in terminals {
            let version = try terminal.machine.store.read {
                try terminal.node.terminal.version(in: $0)
            }
            try require(version == common(terminal), .versions) {
                "terminal \(terminal.index) speaks version \(version) with the hub, and both "
                    + "speak \(common(terminal))"
            }
        }
    }
}
