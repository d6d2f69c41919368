import Sync
import Tally

/// What goes wrong with a terminal's disk.
extension World {
    func disturbDisk(of terminal: SimulatedTerminal) throws {
        if plan.strikes(.failedWrite, &faultDice) {
            terminal.machine.arm(Machine.DiskFault(), after: faultDice.below(40))
        }
        if plan.strikes(.brokenCell, &faultDice) {
            try spoil(terminal) { value, _ in
                var value = value
                guard !value.isEmpty else { return nil }
                value[faultDice.happens(50) ? value.count - 1 : faultDice.below(value.count)] ^= 1
                if faultDice.happens(20) { value.removeLast() }
                return value
            }
        }
        if plan.strikes(.lostCell, &faultDice) { try spoil(terminal) { _, _ in nil } }
        if plan.strikes(.misdirectedWrite, &faultDice) { try spoil(terminal) { $1 ?? $0 } }
        if plan.strikes(.counterOverflow, &faultDice) {
            try write(terminal) { transaction in
                let stamp = try transaction.integer(Setting.stamp) ?? 0
                try transaction.set(Setting.stamp, to: stamp | 0xFFFF)
            }
        }
        if plan.strikes(.diskFull, &faultDice) { fill(terminal.index) }
        if plan.strikes(.readOnly, &faultDice) {
            terminal.machine.isReadOnly = true
            schedule(.stop(terminal: terminal.index), in: faultDice.below(Self.hour))
        }
    }

    /// The disk changes a cell of a terminal's state, behind the program's back.
    ///
    /// The log stays whole.
    ///
    /// - Parameters:
    ///   - terminal: whose.
    ///   - change: from a cell's value, and that of another one, to what is there then; nil for
    ///     nothing.
    /// - Throws: what the disk does.
    private func spoil(
        _ terminal: SimulatedTerminal,
        _ change: ([UInt8], _ other: [UInt8]?) -> [UInt8]?
    ) throws {
        guard let scope = faultDice.pick(terminal.scopes) else { return }
        let cells = terminal.machine.store.cells(in: scope)
        guard let entity = faultDice.pick(cells.keys.sorted()),
            let key = faultDice.pick((cells[entity] ?? [:]).keys.sorted { $0.bytes < $1.bytes }),
            let value = cells[entity]?[key]
        else { return }
        let other = cells.values.lazy.flatMap(\.values).map { $0 }.min { $0 < $1 }
        let spoiled = change(value, other)
        guard spoiled != value else { return }
        terminal.broken.insert(scope)
        try write(terminal) { try $0.setCell(key, of: entity, to: spoiled) }
    }

    private func write(
        _ terminal: SimulatedTerminal,
        _ body: (any ReplicaTransaction) throws -> Void
    ) throws {
        do {
            try terminal.machine.store.write(body)
        } catch is Machine.Crash {
            stop(terminal)
        } catch is Machine.DiskFault {
            // The disk could not even do that.
        }
    }
}

extension [UInt8] {
    static func < (one: [UInt8], other: [UInt8]) -> Bool { one.lexicographicallyPrecedes(other) }
}
