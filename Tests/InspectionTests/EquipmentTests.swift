import Forms
import Inspection
import RoomPlant
import Tally
import Testing

@Suite struct EquipmentTests {
    @Test func `a registration that says the same makes no operation`() throws {
        let floor = try Floor()
        let record = try floor.plant.record(of: Floor.machine)
        #expect(try Floor.registration().draft(over: record) == nil)
        let changed = try #require(try Floor.registration(model: "GA45").draft(over: record))
        #expect(changed.entity == Floor.machine)
        try floor.plant.decide([changed])
        try floor.plant.sync(0)
        #expect(try floor.equipment(on: 0).registration.model == "GA45")
        #expect(try floor.equipment(on: 0).tag == "AC-07")
    }

    @Test func `a machine without a tag or a place is refused`() {
        let name = Label(["en": "X"])
        #expect(throws: InspectionRefusal.badValue(field: "tag", value: " ")) {
            try EquipmentRegistration(
                tag: " ",
                name: name,
                model: "",
                scope: Floor.scope,
                forms: [],
                team: ""
            )
        }
        #expect(throws: InspectionRefusal.badValue(field: "site", value: "company")) {
            try EquipmentRegistration(
                tag: "A",
                name: name,
                model: "",
                scope: .company,
                forms: [],
                team: ""
            )
        }
    }

    @Test func `a route keeps its stops in order`() throws {
        let floor = try Floor()
        let route = try Route(
            code: "r1",
            name: Label(["en": "Morning round"]),
            scope: Floor.scope,
            stops: ["ac-07", "L-2", "F-1"]
        )
        try floor.plant.decide([try route.draft()])
        let record = try floor.plant.record(of: InspectionRoom.routeKey("R1", in: Floor.scope))
        #expect(Route(record)?.stops == ["AC-07", "L-2", "F-1"])
        #expect(try route.draft(over: record) == nil)
        #expect(throws: InspectionRefusal.badValue(field: "stops", value: "")) {
            try Route(code: "R2", name: Label([:]), scope: Floor.scope, stops: [])
        }
    }

    @Test func `a stop stands though another terminal released the machine meanwhile`() throws {
        let floor = try Floor()
        let stop = try floor.equipment(on: 0).stop(reason: "冒烟")
        try floor.plant.record(stop, by: "W1", on: 0)
        for index in [0, 1] { try floor.plant.sync(index) }
        #expect(try floor.equipment(on: 1).stops.map(\.reason) == ["冒烟"])
        // The second stop and the release of the first do not know of each other.
        let again = try floor.equipment(on: 0).stop(reason: "异响")
        try floor.plant.record(again, by: "W1", on: 0)
        try floor.plant.record(try floor.equipment(on: 1).release(), by: "TL", on: 1)
        #expect(try !floor.equipment(on: 1).isStopped)
        for index in [0, 1, 0] { try floor.plant.sync(index) }
        for index in [0, 1] {
            #expect(try floor.equipment(on: index).stops.map(\.reason) == ["异响"])
        }
        try floor.plant.record(try floor.equipment(on: 1).release(), by: "TL", on: 1)
        for index in [1, 0] { try floor.plant.sync(index) }
        #expect(try !floor.equipment(on: 0).isStopped)
        #expect(throws: InspectionRefusal.notStopped(tag: "AC-07")) {
            try floor.equipment(on: 0).release()
        }
    }

    @Test func `two places given apart are both shown until somebody settles it`() throws {
        let floor = try Floor()
        try floor.plant.record(try floor.equipment(on: 0).move(to: "一号线"), by: "W1", on: 0)
        try floor.plant.record(try floor.equipment(on: 1).move(to: "二号线"), by: "W2", on: 1)
        for index in [0, 1, 0] { try floor.plant.sync(index) }
        #expect(Set(try floor.equipment(on: 0).locations.map(\.text)) == ["一号线", "二号线"])
        try floor.plant.record(try floor.equipment(on: 0).move(to: "二号线"), by: "TL", on: 0)
        for index in [0, 1] { try floor.plant.sync(index) }
        #expect(try floor.equipment(on: 1).locations.map(\.text) == ["二号线"])
        #expect(throws: InspectionRefusal.emptyText) { try floor.equipment(on: 1).move(to: " ") }
    }
}
