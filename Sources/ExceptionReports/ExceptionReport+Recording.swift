import Tally

// What people do about an exception, as drafts: each is checked against the report as this terminal
// knows it, and either recorded whole or refused with the reason.

extension ExceptionReport {
    /// Raises a report; its words, if any, become the first text of the problem section.
    ///
    /// - Parameters:
    ///   - id: random.
    ///   - raising: what it is about: a machine or a station.
    ///   - scope: the terminal's area.
    /// - Returns: what to record.
    /// - Throws: ``ExceptionRefusal/placeMissing``.
    public static func raise(
        _ id: Identifier,
        _ raising: Raising,
        in scope: Scope
    ) throws -> [Draft] {
        guard !raising.equipment.isEmpty || !raising.station.isEmpty else {
            throw ExceptionRefusal.placeMissing
        }
        let key = ExceptionRoom.reportKey(id, in: scope)
        let payload = try raising.payload()
        let fact = Draft(.fact, of: key, type: Raising.type, payload: payload)
        if raising.text.isBlank { return [fact] }
        return [fact, edit(.problem, raising.text, of: key, over: [])]
    }

    /// Writes a section, or writes one's own words in it anew.
    ///
    /// - Parameters:
    ///   - section: which.
    ///   - text: a person's words.
    ///   - author: that person's badge.
    /// - Returns: what to record.
    /// - Throws: ``ExceptionRefusal/notYours(_:owner:)`` when words of another person stand there:
    ///   add a record instead. ``ExceptionRefusal/emptyText(_:)``.
    public func write(_ section: Section, _ text: String, by author: String) throws -> [Draft] {
        try checkOpen()
        guard !text.isBlank else { throw ExceptionRefusal.emptyText(section) }
        let present = sections[section] ?? []
        if let foreign = present.first(where: { $0.evidence.author != author }) {
            throw ExceptionRefusal.notYours(section, owner: foreign.evidence.author)
        }
        return [Self.edit(section, text, of: key, over: present)]
    }

    /// Adds words beside a section; anyone may.
    public func add(to section: Section, _ text: String) throws -> [Draft] {
        guard !text.isBlank else { throw ExceptionRefusal.emptyText(section) }
        let content = AddedRecord.Content(section: section, text: text)
        return [try AddedRecord.draft(content, of: key)]
    }

    /// Settles a conflict: one of the values in force stands, the others are kept as records.
    ///
    /// - Parameters:
    ///   - section: which.
    ///   - operation: the edit whose value stands.
    /// - Returns: what to record.
    /// - Throws: ``ExceptionRefusal/unknownValue(_:)``.
    public func settle(_ section: Section, keeping operation: OperationID) throws -> [Draft] {
        let present = sections[section] ?? []
        guard present.count > 1,
            let kept = present.first(where: { $0.evidence.operation == operation })
        else { throw ExceptionRefusal.unknownValue(section) }
        let records = try present.filter { $0 != kept }.map { lost in
            let content = AddedRecord.Content(
                section: section,
                text: lost.text,
                operation: lost.evidence.operation
            )
            return try AddedRecord.draft(content, of: key)
        }
        return records + [Self.edit(section, kept.text, of: key, over: present)]
    }

    /// Says that a containment holds.
    public func contain() throws -> [Draft] {
        try move(ExceptionRoom.containMove, from: .reported)
    }

    /// Says that the cause is gone.
    public func resolve() throws -> [Draft] {
        try move(ExceptionRoom.resolveMove, from: .reported, .contained)
    }

    /// Closes the report.
    ///
    /// - Parameter category: the report's; nil when this replica does not know it.
    /// - Returns: what to record.
    /// - Throws: ``ExceptionRefusal/sectionsMissing(_:)`` naming what the category demands,
    ///   ``ExceptionRefusal/sectionsInConflict(_:)`` while a person must settle something.
    public func close(_ category: ExceptionCategory?) throws -> [Draft] {
        let drafts = try move(ExceptionRoom.closeMove, from: .resolved)
        let missing = missing(for: category)
        guard missing.isEmpty else { throw ExceptionRefusal.sectionsMissing(missing) }
        guard conflicts.isEmpty else { throw ExceptionRefusal.sectionsInConflict(conflicts) }
        return drafts
    }

    /// Takes the report up again.
    public func reopen() throws -> [Draft] {
        try move(ExceptionRoom.reopenMove, from: .contained, .resolved, .closed)
    }

    private func move(_ name: String, from expected: Stage...) throws -> [Draft] {
        guard expected.contains(stage) else {
            throw ExceptionRefusal.stage(stage, expected: expected)
        }
        return [Draft(.transition, of: key, type: name)]
    }

    private func checkOpen() throws {
        guard stage != .closed else {
            throw ExceptionRefusal.stage(.closed, expected: [.reported, .contained, .resolved])
        }
    }

    private static func edit(
        _ section: Section,
        _ text: String,
        of key: EntityKey,
        over present: [FieldValue]
    ) -> Draft {
        Draft(
            .edit,
            of: key,
            type: section.field,
            payload: Array(text.utf8),
            bases: present.map(\.evidence.operation)
        )
    }
}
