import Agent
import Codes
import ExceptionReports
import Forms
import Hub
import Inspection
import Receiving
import Sync
import Tally
import Workforce

/// The master data of the simulated plant.
enum Plant {
    static let sites = ["SH1", "SH2"]
    static let badges = ["W1", "W2", "W3", "W4"]
    static let suppliers = ["S-1", "S-2"]
    static let materials = ["M-1", "M-2", "M-3"]
    static let machines = ["LATHE-1", "LATHE-2", "PRESS-1"]
    static let categories = ["breakdown", "quality"]
    static let sections = [
        "problem", "responsible_team", "containment", "root_cause", "prevention",
    ]
    static let form = "machine"
    /// The checks of the form, each with good and bad answers.
    static let checks = [
        (name: "guard", good: ["yes"], bad: ["no"]),
        (name: "pressure", good: ["0.4", "0.8"], bad: ["0.1", "1.5"]),
        (name: "oil", good: ["full", "1"], bad: ["empty"]),
    ]

    static func floor(_ site: String) -> Scope { Scope(site: site, area: HubNode.floorArea) }

    // MARK: - Drafts

    static func workers() throws -> [Draft] {
        try badges.map { badge in
            try Worker(badge: badge, name: badge, roles: Set(Role.allCases), team: "A").draft()
        }
    }

    static func material(_ code: String, overDeliveryPercent: Int) throws -> Draft {
        try MaterialRegistration(
            code: code,
            name: code,
            unit: .piece,
            isLotTracked: code == materials[0],
            overDeliveryPercent: overDeliveryPercent
        )
        .draft()
    }

    static func machine(_ tag: String, at site: String, model: String) throws -> Draft? {
        try EquipmentRegistration(
            tag: tag,
            name: Label(["en": tag]),
            model: model,
            scope: floor(site),
            forms: [form],
            team: "maintenance"
        )
        .draft()
    }

    /// The form in a version, over the one before.
    static func form(
        version: Int,
        over current: FormDefinition?,
        without dropped: String? = nil
    ) throws -> [Draft] {
        let node = formNode(version: version, without: dropped)
        return try FormDefinition(node: node).publish(over: current)
    }

    /// What a program of a version ago knew: no damage, no prevention.
    static let olderVocabulary: Vocabulary = {
        var vocabulary = PlantVocabulary.all
        vocabulary.facts.remove("receipt.damaged")
        vocabulary.fields.remove("exception_report.prevention")
        return vocabulary
    }()

    private static func formNode(version: Int, without dropped: String?) -> FormNode {
        func question(
            _ name: String,
            _ type: String,
            _ more: [String: FormNode]
        ) -> (name: String, node: FormNode) {
            let common: [String: FormNode] = [
                "name": .text(name), "type": .text(type), "label": .map(["en": .text(name)]),
                "required": .bool(true),
            ]
            return (name, .map(common.merging(more) { first, _ in first }))
        }
        func choice(_ name: String) -> FormNode {
            .map(["name": .text(name), "label": .map(["en": .text(name)])])
        }
        let questions = [
            question(
                "guard",
                "yes_no",
                ["limits": .map(["good": .list([.text("yes")])]), "severe": .bool(true)]
            ),
            question(
                "pressure",
                "decimal",
                [
                    "unit": .text("MPA"),
                    "limits": .map(["low": .number("0.4"), "high": .number("0.8")]),
                ]
            ),
            question(
                "oil",
                "select_one",
                [
                    "choices": .list([choice("full"), choice("low"), choice("empty")]),
                    "limits": .map(["good": .list([.text("full"), .text("low")])]),
                ]
            ),
        ]
        return .map([
            "code": .text(form), "version": .number(String(version)),
            "title": .map(["en": .text("Machine")]),
            "questions": .list(questions.filter { $0.name != dropped }.map(\.node)),
        ])
    }

    static func exceptionCategories() throws -> [Draft] {
        let items = categories.map { code -> FormNode in
            .map([
                "code": .text(code), "version": .number("1"), "name": .map(["en": .text(code)]),
                "team": .text("maintenance"),
                "deadlines": .map(["containment": .number("30")]),
                "needed": .list([.text("problem"), .text("containment")]),
            ])
        }
        let node = FormNode.map(["categories": .list(items)])
        return try ExceptionCategory.list(node: node).compactMap { try $0.publish(over: nil) }
    }

    // MARK: - Notes

    /// A delivery note with lines that can be typed and cartons that can be scanned.
    static func note(
        _ number: Int,
        at site: String,
        now: Moment,
        dice: inout SeededDice
    ) -> NoteContent {
        let supplier = suppliers[dice.below(suppliers.count)]
        let lines = (1...(1 + dice.below(3))).map { line in
            let cartonCount = dice.happens(50) ? 1 + dice.below(4) : 0
            return NoteContent.Line(
                number: line,
                material: materials[dice.below(materials.count)],
                quantity: Quantity(count: Int64(20 * (1 + dice.below(5)))),
                lot: "L\(line)",
                cartons: (0..<cartonCount).map { sscc(number * 100 + line * 10 + $0) }
            )
        }
        return NoteContent(
            supplier: supplier,
            number: "N\(number)",
            site: site,
            issuedAt: now,
            promisedArrival: now,
            lines: lines
        )
    }

    // MARK: - Codes that nobody signed

    /// How terminals read what suppliers print themselves.
    static func codeRules() throws -> CodeRules {
        var parts = CodeRule.Parts()
        parts.name = "note-lines"
        parts.pattern =
            #"UN!(?<supplier>[^!|]+)!(?<number>[^!|]+)(?<lines>(?:\|[^|*]+\*[0-9]+){0,9})"#
        parts.lines = #"\|(?<material>[^|*]+)\*(?<quantity>[0-9]+)"#
        return try CodeRules([try CodeRule(parts)])
    }

    /// The supplier's own code for a note: some lines of it, in another order and without lots.
    static func unsignedCode(of note: NoteContent, dice: inout SeededDice) -> String {
        let lines = note.lines.reversed().filter { _ in dice.happens(80) }
            .map { "|\($0.material)*\($0.quantity.number)" }
        return "UN!\(note.supplier)!\(note.number)\(lines.joined())"
    }

    /// A serial shipping container code with its check digit.
    private static func sscc(_ serial: Int) -> String {
        let digits = String(serial)
        let body = "0" + String(repeating: "0", count: 16 - digits.count) + digits
        for check in 0...9 where CheckDigit.isRight("\(body)\(check)".utf8) {
            return "\(body)\(check)"
        }
        preconditionFailure("one of ten digits is right")
    }
}

extension World {
    /// Opens the plant: sites, master data, and terminals that are enrolled.
    func open(_ sites: [String]) throws {
        let reading = hub.machine.clock.reading(now)
        try hub.machine.transact(&hub.node) { node, dice, transaction in
            for site in sites { try HubNode.addSite(site, in: transaction) }
            var drafts = try Plant.workers()
            for supplier in Plant.suppliers {
                let seed = try node.signingSeed(of: supplier, dice: &dice, in: transaction)
                let key = try NoteSigner(seed: seed).publicKey
                let keys = [SupplierKey(supplier: supplier, publicKey: key)].compactMap(\.self)
                drafts.append(
                    try SupplierRegistration(
                        code: supplier,
                        name: supplier,
                        keys: keys,
                        takesUnsigned: supplier == Plant.suppliers[0]
                    )
                    .draft()
                )
            }
            drafts += try Plant.materials.map { try Plant.material($0, overDeliveryPercent: 5) }
            for site in sites {
                drafts += try Plant.machines.compactMap {
                    try Plant.machine($0, at: site, model: "A")
                }
            }
            drafts += try Plant.form(version: 1, over: nil) + Plant.exceptionCategories()
            _ = try node.register(
                drafts,
                by: "",
                reading: reading,
                dice: &dice,
                in: transaction
            )
        }
        for terminal in terminals { try enroll(terminal) }
        try watchHub()
    }

    func enroll(_ terminal: SimulatedTerminal) throws {
        let reading = hub.machine.clock.reading(now)
        let publicKey = terminal.node.terminal.replica.publicKey
        let answer = try hub.machine.transact(&hub.node) { node, dice, transaction in
            let code = try HubNode.offerEnrolment(
                site: terminal.site,
                name: "terminal \(terminal.index)",
                now: reading.wall,
                dice: &dice,
                in: transaction
            )
            let request = EnrollRequest(code: code, publicKey: publicKey)
            return try node.replica.enroll(request, now: reading.wall, in: transaction)
        }
        try terminal.machine.store.write { try TerminalReplica.enroll(answer, in: $0) }
    }
}
