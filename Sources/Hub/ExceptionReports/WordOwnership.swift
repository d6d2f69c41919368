import ExceptionReports
import Sync
import Tally

/// What of a batch breaks the rule that nobody overwrites another's words.
///
/// Terminals refuse such edits when they are made; this is for those that do not. The rule needs
/// what the hub knows of other operations, so it is asked before a batch is taken. Roles are judged
/// where a section is written and not again here: a person whose role was taken away since wrote
/// rightly, and what was written offline would be held for that.
struct WordOwnership {
    let transaction: any ReplicaTransaction

    /// Looks through what a terminal sends, and what of it waited for its predecessor.
    ///
    /// - Parameter opened: the batch.
    /// - Returns: by operation, why it is kept aside.
    /// - Throws: what the store throws.
    func breaches(in opened: OpenedPush) throws -> [OperationID: ProblemCode] {
        let fields = Set(Section.allCases.map(\.field))
        let sent = opened.operations.compactMap { try? $0.get() }
        let sender = opened.request.replica
        let held = try transaction.heldRecords(from: sender).compactMap(\.operation)
        let edits = (sent + held).filter { $0.kind == .edit && fields.contains($0.type) }
        guard !edits.isEmpty else { return [:] }
        let batch = Dictionary(edits.map { ($0.id, $0) }) { first, _ in first }
        var found: [OperationID: ProblemCode] = [:]
        for edit in batch.values {
            let bases = try edit.bases.compactMap { id in
                try batch[id] ?? transaction.operation(id)?.operation
            }
            if let refusal = refusal(of: edit, over: bases) { found[edit.id] = refusal.code }
        }
        return found
    }

    private func refusal(
        of edit: Operation,
        over bases: [Operation]
    ) -> ExceptionRefusal? {
        guard let section = Section.allCases.first(where: { $0.field == edit.type }) else {
            return nil
        }
        // Whoever settles a conflict lets one of its values stand as it was written.
        let settles = bases.count > 1 && bases.contains { $0.payload == edit.payload }
        if !settles, let foreign = bases.first(where: { $0.author != edit.author }) {
            return .notYours(section, owner: foreign.author)
        }
        return nil
    }
}

extension HubRules {
    /// These rules, and what a batch was found to break.
    func with(_ breaches: [OperationID: ProblemCode]) -> HubRules {
        var rules = self
        let flaw = flaw
        rules.flaw = { flaw($0) ?? breaches[$0.id]?.text }
        return rules
    }
}
