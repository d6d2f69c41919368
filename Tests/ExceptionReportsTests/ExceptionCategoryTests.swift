import ExceptionReports
import Forms
import RoomPlant
import Tally
import Testing

enum CategorySample {
    static func node(_ changes: [String: FormNode?] = [:]) -> FormNode {
        var category: [String: FormNode] = [
            "code": .text("equipment_breakdown"), "version": .number("1"),
            "name": .map(["en": .text("Breakdown"), "zh-CN": .text("设备故障")]),
            "team": .text("maintenance"),
            "deadlines": .map(["containment": .number("30"), "root_cause": .number("1440")]),
            "needed": .list([.text("problem"), .text("containment"), .text("root_cause")]),
        ]
        for (key, value) in changes { category[key] = value }
        return .map(["categories": .list([.map(category)])])
    }

    static func breakdown(version: Int = 1) throws -> ExceptionCategory {
        let node = node(["version": .number(String(version))])
        guard let category = try ExceptionCategory.list(node: node).first else {
            throw FormRefusal.malformed("sample")
        }
        return category
    }
}

@Suite struct ExceptionCategoryTests {
    @Test func `a category is read from its file and survives its bytes`() throws {
        let category = try CategorySample.breakdown()
        #expect(category.team == "maintenance")
        #expect(category.deadlines == [.containment: 30, .rootCause: 1440])
        #expect(category.needed == [.problem, .containment, .rootCause])
        let draft = try #require(try category.publish(over: nil))
        #expect(draft.entity == ExceptionRoom.categoryKey("equipment_breakdown"))
        #expect(ExceptionRoom.flaw(draft.kind, draft.type, draft.payload) == nil)
        let plant = try DraftPlant(
            ExceptionRoom.vocabulary,
            scopes: [.company],
            terminals: 1,
            flaw: { ExceptionRoom.flaw($0, $1, $2) }
        )
        try plant.decide([draft])
        let read = try #require(ExceptionCategory(try plant.record(of: category.key)))
        #expect(read == category)
        #expect(try category.publish(over: read) == nil)
    }

    @Test func `a published version never changes and never goes back`() throws {
        let one = try CategorySample.breakdown()
        let changed = try #require(
            try ExceptionCategory.list(node: CategorySample.node(["team": .text("other")])).first
        )
        let taken = ExceptionRefusal.versionTaken(category: one.code, version: 1)
        #expect(throws: taken) { try changed.publish(over: one) }
        let two = try CategorySample.breakdown(version: 2)
        #expect(try two.publish(over: one) != nil)
        let older = ExceptionRefusal.versionNotNewer(category: one.code, version: 1, current: 2)
        #expect(throws: older) { try one.publish(over: two) }
    }

    private static let faults: [(String, FormNode?, FormFault, String)] = [
        ("code", .text("Big Code"), .badName, "categories[0].code"),
        ("team", nil, .missing, "categories[0].team"),
        (
            "deadlines", .map(["cause": .number("1")]), .unknownKey,
            "categories[0].deadlines.cause"
        ),
        (
            "deadlines", .map(["problem": .number("0")]), .badNumber,
            "categories[0].deadlines.problem"
        ),
        ("needed", .list([.text("all")]), .unknownValue, "categories[0].needed[0]"),
        ("colour", .text("red"), .unknownKey, "categories[0].colour"),
    ]

    @Test(arguments: faults.indices)
    func `a fault in the file is refused with its path`(_ index: Int) throws {
        let (key, value, fault, path) = Self.faults[index]
        let refusal = try #require(throws: FormRefusal.self) {
            try ExceptionCategory.list(node: CategorySample.node([key: value]))
        }
        guard case .definition(fault, path: path, _, _) = refusal else {
            Issue.record("expected \(fault) at \(path), got \(refusal.plainText)")
            return
        }
    }

    @Test func `a code that is given twice is refused`() throws {
        guard case .map(let map) = CategorySample.node(), case .list(let list) = map["categories"]
        else {
            Issue.record("the sample has no categories")
            return
        }
        let refusal = try #require(throws: FormRefusal.self) {
            try ExceptionCategory.list(node: .map(["categories": .list(list + list)]))
        }
        #expect(refusal.facts["path"] == "categories[1].code")
    }
}
