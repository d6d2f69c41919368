import Tally

// What people do about an exception, as drafts: each is checked against the report as this terminal
// knows it, and either recorded whole or refused with the reason.

extension ExceptionReport {
    /// Reports an exception: joins the open report on its place and category, or makes the next.
    ///
    /// - Parameters:
    ///   - raising: what it is about, and what a person says.
    ///   - file: the reports on that place and category, as this terminal knows them.
    ///   - joinMinutes: of the category.
    ///   - now: the terminal's time.
    /// - Returns: the report's entity, what to record, and whether it joins another's report.
    /// - Throws: ``ExceptionRefusal/placeMissing``.
    public static func raise(
        _ raising: Raising,
        file: ReportFile,
        joinMinutes: Int,
        now: Moment
    ) throws -> (key: EntityKey, drafts: [Draft], joins: Bool) {
        guard !raising.place.isEmpty else { throw ExceptionRefusal.placeMissing }
        var raising = raising
        let open = file.open(joinMinutes: joinMinutes, now: now)
        let (key, ordinal) = open.map { ($0.key, $0.raising.ordinal) } ?? file.next
        raising.ordinal = ordinal
        let fact = Draft(.fact, of: key, type: Raising.type, payload: try raising.payload())
        return (key, [fact], open != nil)
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
        if let owner = owner(of: section, besides: author) {
            throw ExceptionRefusal.notYours(section, owner: owner)
        }
        return [Self.edit(section, text, of: key, over: present)]
    }

    /// Whose words stand in a section; nil when nobody's do, or only those of `author`.
    public func owner(of section: Section, besides author: String) -> String? {
        let present = sections[section] ?? []
        if present.isEmpty, section == .problem {
            return raised.author == author ? nil : raised.author
        }
        return present.first { $0.evidence.author != author }?.evidence.author
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

    /// Says that a person deals with what is late in a section.
    ///
    /// - Parameters:
    ///   - section: which.
    ///   - rules: the routing whose levels count.
    ///   - now: the terminal's time.
    /// - Returns: what to record.
    /// - Throws: ``ExceptionRefusal/notEscalated(_:)`` when nothing waits for a person's word.
    public func acknowledge(_ section: Section, rules: Routing?, now: Moment) throws -> [Draft] {
        let waiting = escalations(rules, now: now).first {
            $0.section == section && $0.acknowledged == nil
        }
        guard let waiting else { throw ExceptionRefusal.notEscalated(section) }
        return [try Acknowledgement.draft(section, level: waiting.level, of: key)]
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
