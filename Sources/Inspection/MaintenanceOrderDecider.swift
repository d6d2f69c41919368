import Forms
import Tally

/// Decides which maintenance orders follow from findings: one open order a machine and check.
///
/// The rule: an order deals with the findings that it had, and that were known to the worker who
/// ended it. A finding belongs to the first order of its machine and check that is open, or whose
/// end names it. Where there is none, the next order is opened, so that no reading is lost in an
/// order that is done. This rests on what people saw and never on clocks, and comes out the same
/// whether the finding or the end reaches the hub first.
///
/// A finding whose author could not see that end, nor the other way round, may be older than the
/// repair: the order that it opens says so (`isDoubtful`) and names the order before. A person
/// decides; nothing is dropped.
///
/// The caller records what was decided about one inspection or order before it asks about the next:
/// two inspections may be about one check, and the second must see the order of the first.
public enum MaintenanceOrderDecider {
    /// What the hub records after an inspection has changed.
    ///
    /// - Parameters:
    ///   - inspection: as the hub knows it; signed or not, since a finding cannot wait.
    ///   - equipment: the machine; nil when it is not registered.
    ///   - orders: all orders of this machine and the inspection's ``MachineInspection/badChecks``;
    ///     see ``MaintenanceOrder/all(of:check:in:record:)``.
    ///   - nextNumber: takes the next order number of the site; asked once a new order.
    /// - Returns: a decision a new order or revision; none when the orders say all there is to say.
    /// - Throws: what `nextNumber` throws.
    public static func decide(
        _ inspection: MachineInspection,
        equipment: Equipment?,
        orders: [MaintenanceOrder],
        nextNumber: () throws -> String
    ) throws -> [Draft] {
        var drafts: [Draft] = []
        for check in inspection.badChecks {
            let file = CheckFile(
                scope: inspection.key.scope,
                tag: inspection.tag,
                check: check,
                team: equipment?.registration.team ?? "",
                orders: orders.filter { $0.issue.tag == inspection.tag && $0.issue.check == check }
            )
            let findings = inspection.answers.filter { $0.question == check }
                .compactMap { MaintenanceOrder.Finding($0, inspection.key.id) }
            drafts += try file.decide(findings, nextNumber)
        }
        return drafts
    }

    /// A breakdown that somebody reported: it calls for a repair as a bad answer does.
    public struct Fault: Hashable, Sendable {
        /// The exception report.
        public let report: Identifier
        /// Who reported it, when, and what they had seen.
        public let evidence: Evidence
        /// A person's words, or what was chosen.
        public let words: String
        /// The SHA-256 of a photo; empty for none.
        public let photo: [UInt8]

        public init(report: Identifier, evidence: Evidence, words: String, photo: [UInt8]) {
            self.report = report
            self.evidence = evidence
            self.words = words
            self.photo = photo
        }
    }

    /// What the hub records after a breakdown was reported: each voice is a finding.
    ///
    /// - Parameters:
    ///   - faults: all voices of the reports on this machine and category.
    ///   - tag: the machine's.
    ///   - check: see ``InspectionRoom/check(reportedAs:)``.
    ///   - scope: the machine's.
    ///   - equipment: the machine; nil when it is not registered.
    ///   - orders: all orders of this machine and check.
    ///   - nextNumber: takes the next order number of the site; asked once a new order.
    /// - Returns: as above.
    /// - Throws: what `nextNumber` throws.
    public static func decide(
        faults: [Fault],
        of tag: String,
        check: String,
        in scope: Scope,
        equipment: Equipment?,
        orders: [MaintenanceOrder],
        nextNumber: () throws -> String
    ) throws -> [Draft] {
        let file = CheckFile(
            scope: scope,
            tag: tag,
            check: check,
            team: equipment?.registration.team ?? "",
            orders: orders.filter { $0.issue.tag == tag && $0.issue.check == check }
        )
        return try file.decide(faults.map(MaintenanceOrder.Finding.init), nextNumber)
    }

    /// What the hub records after an order has changed: findings that had joined it, but that the
    /// worker who ended it did not know of, go into the next order.
    ///
    /// - Parameters:
    ///   - order: the order that has changed.
    ///   - equipment: the machine; nil when it is not registered.
    ///   - orders: all orders of its machine and check, this one included.
    ///   - nextNumber: takes the next order number of the site; asked once a new order.
    /// - Returns: as above.
    /// - Throws: what `nextNumber` throws.
    public static func decide(
        after order: MaintenanceOrder,
        equipment: Equipment?,
        orders: [MaintenanceOrder],
        nextNumber: () throws -> String
    ) throws -> [Draft] {
        let file = CheckFile(
            scope: order.key.scope,
            tag: order.issue.tag,
            check: order.issue.check,
            team: equipment?.registration.team ?? order.issue.team,
            orders: orders.filter {
                $0.issue.tag == order.issue.tag && $0.issue.check == order.issue.check
            }
        )
        return try file.decide([], nextNumber)
    }
}

extension MaintenanceOrder {
    /// All orders of a machine and check, by ordinal.
    ///
    /// Their identifiers follow from these, so none needs to be searched for: `record` reads the
    /// entity of a key.
    public static func all(
        of tag: String,
        check: String,
        in scope: Scope,
        record: (EntityKey) throws -> EntityRecord
    ) rethrows -> [MaintenanceOrder] {
        var orders: [MaintenanceOrder] = []
        while true {
            let key = InspectionRoom.maintenanceOrderKey(
                tag,
                check: check,
                ordinal: orders.count + 1,
                in: scope
            )
            guard let order = MaintenanceOrder(try record(key)) else { return orders }
            orders.append(order)
        }
    }
}

extension MaintenanceOrder.Finding {
    fileprivate init(_ fault: MaintenanceOrderDecider.Fault) {
        inspection = fault.report
        evidence = fault.evidence
        answer = .text(fault.words)
        limits = ""
        isSevere = false
        isWithdrawn = false
        photo = fault.photo
    }

    /// A bad answer as a finding; nil for others.
    fileprivate init?(_ given: MachineInspection.GivenAnswer, _ inspection: Identifier) {
        guard case .bad(let limits, let severe) = given.assessment else { return nil }
        self.inspection = inspection
        evidence = given.evidence
        answer = given.answer
        self.limits = limits
        isSevere = severe
        isWithdrawn = given.isCorrected
    }
}

/// The orders of one check of one machine.
private struct CheckFile {
    typealias Finding = MaintenanceOrder.Finding

    let scope: Scope
    let tag: String
    let check: String
    let team: String
    /// By ordinal.
    let orders: [MaintenanceOrder]

    init(scope: Scope, tag: String, check: String, team: String, orders: [MaintenanceOrder]) {
        self.scope = scope
        self.tag = tag
        self.check = check
        self.team = team
        self.orders = orders.sorted { $0.issue.ordinal < $1.issue.ordinal }
    }

    /// Finds the order of each finding, new ones and those that orders have already, and drafts
    /// what that changes.
    func decide(_ fresh: [Finding], _ nextNumber: () throws -> String) throws -> [Draft] {
        var all: [OperationID: Finding] = [:]
        for finding in orders.flatMap(\.issue.findings) + fresh {
            all[finding.evidence.operation] = finding
        }
        var issues = orders.map(\.issue)
        var homeless: [Finding] = []
        for finding in all.values.sorted(by: { $0.evidence.isRecordedBefore($1.evidence) }) {
            for index in issues.indices { issues[index].update(finding) }
            // What was taken back before any order had it asks for no repair.
            let isFiled = issues.contains { $0.has(finding) }
            guard isFiled || !finding.isWithdrawn else { continue }
            if let home = orders.firstIndex(where: { $0.takes(finding) }) {
                issues[home].join(finding)
            } else if !finding.isWithdrawn {
                homeless.append(finding)
            }
        }
        var drafts: [Draft] = []
        for (order, issue) in zip(orders, issues) where issue != order.issue {
            drafts.append(try draft(issue))
        }
        if let next = try next(homeless, nextNumber) { drafts.append(try draft(next)) }
        return drafts
    }

    private func next(
        _ findings: [Finding],
        _ nextNumber: () throws -> String
    ) throws -> MaintenanceOrder.Issue? {
        guard let first = findings.first else { return nil }
        let previous = orders.last
        let isDoubtful =
            previous?.ended.map { end in
                findings.contains { $0.evidence.isConcurrent(with: end) }
            } ?? false
        return MaintenanceOrder.Issue(
            number: try nextNumber(),
            revision: 1,
            tag: tag,
            check: check,
            ordinal: orders.count + 1,
            findings: findings,
            opened: first.evidence.moment,
            team: team,
            previousNumber: previous?.number ?? "",
            isDoubtful: isDoubtful
        )
    }

    private func draft(_ issue: MaintenanceOrder.Issue) throws -> Draft {
        var issue = issue
        if let before = orders.first(where: { $0.issue.ordinal == issue.ordinal }) {
            issue.revision = before.issue.revision + 1
        }
        return Draft(
            .decision,
            of: InspectionRoom.maintenanceOrderKey(
                tag,
                check: check,
                ordinal: issue.ordinal,
                in: scope
            ),
            type: MaintenanceOrder.type,
            payload: try issue.payload()
        )
    }
}

extension MaintenanceOrder {
    /// The revision that a draft of the decider issues.
    public static func revision(in draft: Draft) throws -> Int {
        try Issue(payload: draft.payload).revision
    }

    /// The number and revision that a decision gives its order.
    public static func numbering(in payload: [UInt8]) throws -> (number: String, revision: Int) {
        let issue = try Issue(payload: payload)
        return (issue.number, issue.revision)
    }

    /// Whether a finding belongs to this order, when it belongs to none before.
    fileprivate func takes(_ finding: Finding) -> Bool {
        ending.map { $0.findings.contains(finding.evidence.operation) } ?? true
    }
}

extension MaintenanceOrder.Issue {
    fileprivate func has(_ finding: MaintenanceOrder.Finding) -> Bool {
        findings.contains { $0.evidence.operation == finding.evidence.operation }
    }

    /// Notes that a finding which the order has was taken back.
    fileprivate mutating func update(_ finding: MaintenanceOrder.Finding) {
        for index in findings.indices
        where findings[index].evidence.operation == finding.evidence.operation {
            findings[index].isWithdrawn = finding.isWithdrawn
        }
    }

    fileprivate mutating func join(_ finding: MaintenanceOrder.Finding) {
        if !has(finding) { findings.append(finding) }
    }
}
