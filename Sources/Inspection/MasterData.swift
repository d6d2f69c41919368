import Forms
import SwiftProtobuf
import Tally

// Master data of inspection: versioned decisions of the hub. Each value drafts the decision that
// registers it, unless the entity says the same already; so importing a file twice records nothing.

/// A machine (设备): what is on its plate, and who looks after it.
public struct EquipmentRegistration: Hashable, Sendable {
    static let type = "equipment.registered"

    /// What is on its plate.
    public let tag: String
    public let name: Label
    public let model: String
    /// The site and area in which it stands.
    public let scope: Scope
    /// Codes of the forms that it is inspected with; the first is the usual one.
    public let forms: [String]
    /// The team that maintains it.
    public let team: String
    /// What it belongs to, for the routing of exceptions: `moulding`; empty for none.
    public let process: String

    public init(
        tag: String,
        name: Label,
        model: String,
        scope: Scope,
        forms: [String],
        team: String,
        process: String = ""
    ) throws(InspectionRefusal) {
        self.tag = NaturalKey.code(tag)
        self.name = name
        self.model = model
        self.scope = scope
        self.forms = forms
        self.team = team
        self.process = process
        guard !self.tag.isEmpty else { throw .badValue(field: "tag", value: tag) }
        guard !scope.site.isEmpty, !scope.area.isEmpty else {
            throw .badValue(field: "site", value: scope.description)
        }
    }

    init(payload: [UInt8]) throws(InspectionRefusal) {
        let wire: WireEquipment
        do {
            wire = try WireEquipment(serializedBytes: payload)
        } catch {
            throw .badPayload(type: Self.type)
        }
        try self.init(
            tag: wire.tag,
            name: Label(wire.name),
            model: wire.model,
            scope: Scope(site: wire.site, area: wire.area),
            forms: wire.forms,
            team: wire.team,
            process: wire.process
        )
    }

    /// Reads a machine from its entity; nil when it is not registered.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let registration = try? EquipmentRegistration(payload: payload)
        else { return nil }  // best effort: only the hub writes these
        self = registration
    }

    public var key: EntityKey { InspectionRoom.equipmentKey(tag, in: scope) }

    /// Registers the machine; nil when `current`, its entity, says the same already.
    public func draft(over current: EntityRecord? = nil) throws -> Draft? {
        if let current, EquipmentRegistration(current) == self { return nil }
        var wire = WireEquipment()
        wire.tag = tag
        wire.name = name.wire
        wire.model = model
        wire.site = scope.site
        wire.area = scope.area
        wire.forms = forms
        wire.team = team
        wire.process = process
        return Draft(.decision, of: key, type: Self.type, payload: try wire.serializedBytes())
    }
}

/// A round over several machines (巡检路线).
public struct Route: Hashable, Sendable {
    static let type = "route.published"

    public let code: String
    public let name: Label
    public let scope: Scope
    /// Tags of machines, in the order of the walk.
    public let stops: [String]
    /// When they are due; nil for a route that is walked when somebody wants to.
    public let schedule: RouteSchedule?

    public init(
        code: String,
        name: Label,
        scope: Scope,
        stops: [String],
        schedule: RouteSchedule? = nil
    ) throws(InspectionRefusal) {
        self.code = NaturalKey.code(code)
        self.name = name
        self.scope = scope
        self.stops = stops.map(NaturalKey.code)
        self.schedule = schedule
        guard !self.code.isEmpty else { throw .badValue(field: "code", value: code) }
        guard !scope.site.isEmpty, !scope.area.isEmpty else {
            throw .badValue(field: "site", value: scope.description)
        }
        guard !stops.isEmpty, self.stops.allSatisfy({ !$0.isEmpty }) else {
            throw .badValue(field: "stops", value: stops.joined(separator: " "))
        }
    }

    init(payload: [UInt8]) throws(InspectionRefusal) {
        let wire: WireRoute
        do {
            wire = try WireRoute(serializedBytes: payload)
        } catch {
            throw .badPayload(type: Self.type)
        }
        try self.init(
            code: wire.code,
            name: Label(wire.name),
            scope: Scope(site: wire.site, area: wire.area),
            stops: wire.stops,
            // A rule that only a newer program reads makes nothing due here.
            schedule: wire.hasSchedule ? try? RouteSchedule(wire.schedule) : nil
        )
    }

    /// Reads a route from its entity; nil when it was not published.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let route = try? Route(payload: payload)
        else { return nil }  // best effort: only the hub writes these
        self = route
    }

    public var key: EntityKey { InspectionRoom.routeKey(code, in: scope) }

    /// Publishes the route; nil when `current`, its entity, says the same already.
    public func draft(over current: EntityRecord? = nil) throws -> Draft? {
        if let current, Route(current) == self { return nil }
        var wire = WireRoute()
        wire.code = code
        wire.name = name.wire
        wire.site = scope.site
        wire.area = scope.area
        wire.stops = stops
        if let schedule { wire.schedule = schedule.wire }
        return Draft(.decision, of: key, type: Self.type, payload: try wire.serializedBytes())
    }
}

extension Label {
    init(_ texts: [WireText]) {
        self.init(Dictionary(texts.map { ($0.language, $0.text) }) { first, _ in first })
    }

    var wire: [WireText] {
        sorted.map { language, text in
            var wire = WireText()
            wire.language = language
            wire.text = text
            return wire
        }
    }
}
