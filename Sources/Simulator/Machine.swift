import Sync
import Tally

/// A computer with its disk and clocks, on which a node runs and dies.
final class Machine {
    /// The process died at a write.
    struct Crash: Error {}

    /// The disk refused a write; the process lives on.
    struct DiskFault: Error {}

    let store = MemoryStore()
    var clock: SimulatedClock
    /// The operating system's dice, as far as this machine's node sees them.
    var dice: SeededDice
    var isUp = true
    /// Goes up with each start, so that an answer to a process that died is not taken.
    var process = 0
    /// The disk has no room.
    var isFull = false
    /// The disk takes no writes until the process is started again.
    var isReadOnly = false
    private var writesLeft = 0
    private var armed: (any Error)?

    init(dice: SeededDice) {
        self.dice = dice
        clock = SimulatedClock(boot: self.dice.next() | 1)
        store.beforeWrite = { [unowned self] _ in try self.write() }
    }

    /// Lets the write after the next `writes` ones fail.
    func arm(_ error: any Error, after writes: Int) {
        armed = error
        writesLeft = writes
    }

    func disarm() {
        armed = nil
        isFull = false
        isReadOnly = false
    }

    private func write() throws {
        if isFull || isReadOnly { throw DiskFault() }
        guard let error = armed else { return }
        writesLeft -= 1
        guard writesLeft < 0 else { return }
        armed = nil
        throw error
    }

    /// Runs a node in a transaction as the daemons' shells do: what fails leaves node and dice as
    /// they were.
    func transact<Node, Result>(
        _ node: inout Node,
        _ body: (inout Node, inout SeededDice, any ReplicaTransaction) throws -> Result
    ) throws -> Result {
        var next = node
        var nextDice = dice
        let result = try store.write { try body(&next, &nextDice, $0) }
        node = next
        dice = nextDice
        return result
    }
}
