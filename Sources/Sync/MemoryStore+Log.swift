import Tally

// The log of a store in memory, and its indexes.

extension Tables {
    func operation(_ id: OperationID) -> LoggedOperation? { operations[id] }

    func chainHead(_ replica: Identifier, _ incarnation: UInt64) -> ChainHead? {
        chains[OperationID(replica: replica, incarnation: incarnation, sequence: 0)]
    }

    func append(_ logged: LoggedOperation) throws {
        try willChange()
        let operation = logged.operation
        precondition(operations[operation.id] == nil, "operation \(operation.id) is in the log")
        operations.set(operation.id, to: logged)
        ordinals.set(operation.id, to: order.count)
        order.append(operation.id)
        undo.append(.appended)
        let chain = OperationID(
            replica: operation.id.replica,
            incarnation: operation.id.incarnation,
            sequence: 0
        )
        if (chains[chain]?.id.sequence ?? 0) < operation.id.sequence {
            chains.set(chain, to: ChainHead(id: operation.id, hash: operation.hash))
        }
        know(operation.entity)
        index(logged, from: nil)
    }

    func replace(_ logged: LoggedOperation) throws {
        try willChange()
        let id = logged.operation.id
        guard let old = operations[id] else { preconditionFailure("no operation \(id)") }
        operations.set(id, to: logged)
        let entity = old.operation.entity
        unjudgedOrder.set(entity, to: unjudgedOrder[entity]?.filter { $0 != id })
        know(logged.operation.entity)
        index(logged, from: old)
        if logged.judgement == nil, old.judgement == nil { setWaiting(logged, true) }
    }

    func letGo(_ id: OperationID) throws {
        try willChange()
        guard let old = operations[id], let place = ordinals[id] else {
            preconditionFailure("no operation \(id)")
        }
        if let position = old.judgement?.position {
            places.set(Place(scope: old.operation.scope, position: position), to: nil)
        }
        setUnsent(old, false)
        setHeld(id, false)
        if old.judgement == nil { setWaiting(old, false) }
        operations.set(id, to: nil)
        ordinals.set(id, to: nil)
        order[place] = nil
        undo.append(.step { [unowned self] in order[place] = id })
        shorten(id)
    }

    /// The last operation of an incarnation is gone: the one before it that is here is the last.
    private func shorten(_ id: OperationID) {
        let chain = OperationID(replica: id.replica, incarnation: id.incarnation, sequence: 0)
        guard chains[chain]?.id == id else { return }
        let left = (1..<id.sequence).reversed().lazy.compactMap { sequence in
            self.operations[
                OperationID(replica: id.replica, incarnation: id.incarnation, sequence: sequence)
            ]?.operation
        }
        chains.set(chain, to: left.first.map { ChainHead(id: $0.id, hash: $0.hash) })
    }

    private func logged(at place: Int) -> LoggedOperation? {
        order[place].flatMap { operations[$0] }
    }

    func judge(_ id: OperationID, _ judgement: Judgement?) throws {
        try willChange()
        guard let old = operations[id] else { preconditionFailure("no operation \(id)") }
        var new = old
        new.judgement = judgement
        operations.set(id, to: new)
        index(new, from: old)
    }

    func acknowledge(_ id: OperationID, _ verdict: Verdict?, _ reason: String) throws {
        try willChange()
        guard let old = operations[id] else { return }
        var new = old
        new.acknowledged = verdict
        new.answer = verdict == nil ? "" : reason
        operations.set(id, to: new)
        index(new, from: old)
    }

    func forgetJudgements(of scope: Scope, acknowledgements: Bool) throws {
        for id in order {
            guard let id, let logged = operations[id], logged.operation.scope == scope else {
                continue
            }
            if logged.judgement != nil { try judge(id, nil) }
            if acknowledgements { try acknowledge(id, nil) }
        }
        heads.set(scope, to: nil)
    }

    private func index(_ new: LoggedOperation, from old: LoggedOperation?) {
        let id = new.operation.id
        let scope = new.operation.scope
        if let place = old?.judgement?.position, place != new.judgement?.position {
            places.set(Place(scope: scope, position: place), to: nil)
        }
        if let place = new.judgement?.position, place != old?.judgement?.position {
            places.set(Place(scope: scope, position: place), to: id)
            if place > heads[scope] ?? 0 { heads.set(scope, to: place) }
        }
        if let old, old.lane != new.lane { setUnsent(old, false) }
        setUnsent(new, new.judgement == nil && new.acknowledged == nil)
        setHeld(id, new.judgement?.verdict == .waiting)
        let isWaiting = new.judgement == nil
        if isWaiting != (old.map { $0.judgement == nil } ?? false) { setWaiting(new, isWaiting) }
    }

    private func setWaiting(_ logged: LoggedOperation, _ isWaiting: Bool) {
        let entity = logged.operation.entity
        let id = logged.operation.id
        var waiting = unjudgedOrder[entity] ?? []
        if isWaiting {
            let ordinal = ordinals[id] ?? 0
            let place = waiting.lastIndex { (ordinals[$0] ?? 0) < ordinal }.map { $0 + 1 } ?? 0
            waiting.insert(id, at: place)
        } else {
            waiting.removeAll { $0 == id }
        }
        unjudgedOrder.set(entity, to: waiting.isEmpty ? nil : waiting)
    }

    private func setUnsent(_ logged: LoggedOperation, _ isUnsent: Bool) {
        let id = logged.operation.id
        guard let place = ordinals[id] else { return }
        let entry = UnsentPlaces.Entry(replica: id.replica, lane: logged.lane, place: place)
        if unsentPlaces.set(entry, isUnsent) { undo.append(.unsent(entry, !isUnsent)) }
    }

    private func setHeld(_ id: OperationID, _ isHeld: Bool) {
        let isNew = isHeld ? waitingIDs.insert(id).inserted : waitingIDs.remove(id) != nil
        if isNew { undo.append(.waiting(id, !isHeld)) }
    }

    func unsent(of replica: Identifier, limit: Int) -> [LoggedOperation] {
        unsentPlaces.first(limit, of: replica).compactMap(logged(at:))
    }

    func troubled(of replica: Identifier, limit: Int) -> [LoggedOperation] {
        Array(
            order.reversed().lazy.compactMap { $0 }.filter { $0.replica == replica }
                .compactMap { self.operations[$0] }
                .filter { $0.word.map { $0.verdict != .accepted } ?? false }
                .prefix(limit)
        )
    }

    func unjudged(about entity: EntityKey) -> [LoggedOperation] {
        (unjudgedOrder[entity] ?? []).compactMap { operations[$0] }
    }

    func backlog(of replica: Identifier) -> (count: Int, since: Moment?) {
        let (count, earliest) = unsentPlaces.summary(of: replica)
        return (count, earliest.flatMap { logged(at: $0)?.operation.reading.wall })
    }

    func stream(_ scope: Scope, after position: UInt64, limit: Int) -> [LoggedOperation] {
        var page: [LoggedOperation] = []
        var next = position + 1
        let head = heads[scope] ?? 0
        while page.count < limit, next <= head {
            if let id = places[Place(scope: scope, position: next)], let logged = operations[id] {
                page.append(logged)
            }
            next += 1
        }
        return page
    }

    func head(of scope: Scope) -> UInt64 { heads[scope] ?? 0 }

    func operations(in leaf: DigestLeaf) -> [OperationID] {
        order.compactMap { $0 }
            .filter { operations[$0].map { DigestLeaf(of: $0.operation.entity) } == leaf }
    }

    func groupEnds(of scope: Scope, after position: UInt64, limit: Int) -> [LoggedOperation] {
        stream(scope, after: position, limit: .max).filter(\.operation.isAcceptance).prefix(limit)
            .map { $0 }
    }

    func waiting(limit: Int) -> [LoggedOperation] {
        func place(_ logged: LoggedOperation) -> (UInt64, Int) {
            (logged.judgement?.position ?? 0, ordinals[logged.operation.id] ?? 0)
        }
        return Array(
            waitingIDs.compactMap { operations[$0] }.sorted { place($0) < place($1) }.prefix(limit)
        )
    }

    func log(offset: Int, limit: Int) -> [LoggedOperation] {
        Array(
            order.dropFirst(offset).lazy.compactMap { $0 }
                .compactMap { self.operations[$0] }.prefix(limit)
        )
    }

    var operationCount: Int { order.count }
}
