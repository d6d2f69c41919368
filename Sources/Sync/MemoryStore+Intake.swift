import Tally

// What a store in memory keeps aside, and what it has to tell the world.

extension Tables {
    func quarantined(_ ticket: UInt64) -> QuarantinedRecord? {
        ticket > 0 && ticket <= UInt64(records.count) ? records[Int(ticket) - 1] : nil
    }

    func quarantined(_ hash: Identifier, from sender: Identifier) -> QuarantinedRecord? {
        records.first { $0.hash == hash && $0.sender == sender }
    }

    func quarantine(after ticket: UInt64, held: Bool, limit: Int) -> [QuarantinedRecord] {
        let rest = records.dropFirst(Int(clamping: ticket))
        return Array(rest.filter { !held || $0.state == .held }.prefix(limit))
    }

    func heldRecords(from sender: Identifier) -> [QuarantinedRecord] {
        records.filter { $0.sender == sender && $0.state == .held }
    }

    func nextTicket() -> UInt64 { UInt64(records.count) + 1 }

    func keep(_ record: QuarantinedRecord) throws {
        try willChange()
        let place = Int(record.ticket) - 1
        if place < records.count {
            let old = records[place]
            records[place] = record
            undo.append(.step { [unowned self] in records[place] = old })
        } else {
            records.append(record)
            undo.append(.step { [unowned self] in records.removeLast() })
        }
    }

    func chain(_ replica: Identifier, _ incarnation: UInt64) -> ChainState? {
        intake[OperationID(replica: replica, incarnation: incarnation, sequence: 0)]
    }

    func chains(of replica: Identifier) -> [ChainState] {
        intake.rows.values.filter { $0.replica == replica }.sorted {
            $0.incarnation < $1.incarnation
        }
    }

    func set(_ chain: ChainState) throws {
        try willChange()
        let name = OperationID(
            replica: chain.replica,
            incarnation: chain.incarnation,
            sequence: 0
        )
        intake.set(name, to: chain)
    }

    func operation(hashed hash: Identifier, of replica: Identifier) -> OperationID? {
        order.last { id in
            guard let id, id.replica == replica else { return false }
            return operations[id]?.operation.hash == hash
        } ?? nil
    }

    func settings(under prefix: String) -> [(key: SettingKey, value: [UInt8])] {
        settings.rows.filter { $0.key.text.hasPrefix(prefix) }
            .sorted { $0.key.text < $1.key.text }
            .map { ($0.key, $0.value) }
    }

    // MARK: - Outbox

    func enqueue(_ message: OutboxMessage) throws {
        try willChange()
        guard !messageKeys.contains(message.key) else { return }
        messageKeys.insert(message.key)
        messages.append(message)
        undo.append(
            .step { [unowned self] in
                messageKeys.remove(message.key)
                messages.removeAll { $0.key == message.key }
            }
        )
    }

    func outbox(limit: Int) -> [OutboxMessage] { Array(messages.prefix(limit)) }

    func delivered(_ key: Identifier) throws {
        try willChange()
        guard let index = messages.firstIndex(where: { $0.key == key }) else { return }
        let message = messages.remove(at: index)
        undo.append(.step { [unowned self] in messages.insert(message, at: index) })
    }
}
