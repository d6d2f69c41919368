import Inspection
import Receiving
import Tally
import Workforce

/// Makes rows of a table into what they say, and keeps those aside that say nothing sound.
struct TableRows {
    private static let floorArea = "FLOOR"

    private struct OrderLine {
        let row: Int
        let supplier: String
        let line: PurchaseOrder.Line
    }

    private let kind: MasterDataKind
    private var items: [(line: Int, item: MasterDataItem)] = []
    private var refused: [RefusedRow] = []
    /// The line on which a key was seen first.
    private var seen: [String: Int] = [:]
    /// Purchase orders by number, in the order of the file.
    private var orders: [(number: String, lines: [OrderLine])] = []
    private var orderPlaces: [String: Int] = [:]
    /// The first refused row of each order.
    private var brokenOrders: [String: Int] = [:]

    init(_ kind: MasterDataKind) { self.kind = kind }

    /// Puts a row aside; `key` is the order that it belongs to, if any.
    mutating func refuse(_ line: Int, _ refusal: any Refusal, key: String?) {
        refused.append(RefusedRow(line: line, refusal))
        if let key, brokenOrders[key] == nil { brokenOrders[key] = line }
    }

    mutating func take(_ row: TableRow) {
        let order = kind == .orders ? NaturalKey.number(row.optional("number")) : ""
        do {
            try row.check()
            if kind == .orders {
                try takeOrderLine(row)
            } else {
                let (key, item) = try Self.item(row, kind)
                try claim(key, row.line)
                items.append((row.line, item))
            }
        } catch let refusal as any Refusal {
            refuse(row.line, refusal, key: order.isEmpty ? nil : order)
        } catch {
            preconditionFailure("a row is refused for a reason that has no code: \(error)")
        }
    }

    func batch(file: String) -> MasterDataBatch {
        var batch = MasterDataBatch(file: file, kind: kind)
        batch.rows = items.map { MasterDataBatch.Row(lines: [$0.line], item: $0.item) }
        batch.refused = refused
        for (number, lines) in orders {
            if let broken = brokenOrders[number] {
                let refusal = ImportRefusal.orderIncomplete(order: number, line: broken)
                batch.refused += lines.map { RefusedRow(line: $0.row, refusal) }
            } else if let first = lines.first {
                let order = PurchaseOrder(
                    number: number,
                    supplier: first.supplier,
                    lines: lines.map(\.line).sorted { $0.number < $1.number }
                )
                batch.rows.append(
                    MasterDataBatch.Row(lines: lines.map(\.row), item: .purchaseOrder(order))
                )
            }
        }
        batch.refused.sort { $0.line < $1.line }
        return batch
    }

    private mutating func claim(_ key: String, _ line: Int) throws(ImportRefusal) {
        if let first = seen[key] { throw .repeatedRow(key: key, line: first) }
        seen[key] = line
    }

    // MARK: - Orders

    private mutating func takeOrderLine(_ row: TableRow) throws(ImportRefusal) {
        let number = NaturalKey.number(try row.text("number"))
        let unit = try row.unit("unit")
        let line = PurchaseOrder.Line(
            number: try row.integer("line", 1...1_000_000),
            material: try row.code("material"),
            quantity: try row.quantity("quantity", unit),
            promised: try row.moment("promised"),
            wantedBy: row.optional("wanted_by")
        )
        let supplier = try row.code("supplier")
        let place = orderPlaces[number] ?? orders.count
        if let first = orders.indices.contains(place) ? orders[place].lines.first : nil {
            guard first.supplier == supplier else {
                throw .suppliersDiffer(order: number, expected: first.supplier, read: supplier)
            }
        }
        try claim("\(number) \(line.number)", row.line)
        if place == orders.count {
            orders.append((number, []))
            orderPlaces[number] = place
        }
        orders[place].lines.append(OrderLine(row: row.line, supplier: supplier, line: line))
    }

    // MARK: - Other kinds

    /// How a supplier stands; nil where the file says nothing of it.
    private static func standing(_ row: TableRow) throws -> SupplierStanding? {
        let columns = ["blacklisted", "valid_until", "count_blind"]
        guard columns.contains(where: { !row.optional($0).isEmpty }) else { return nil }
        return SupplierStanding(
            isBlacklisted: try row.yesNo("blacklisted"),
            validUntil: row.optional("valid_until").isEmpty ? nil : try row.moment("valid_until"),
            countsBlind: try row.yesNo("count_blind")
        )
    }

    /// What a row says, and the key that no other row of the file may have.
    private static func item(
        _ row: TableRow,
        _ kind: MasterDataKind
    ) throws -> (key: String, item: MasterDataItem) {
        switch kind {
        case .suppliers:
            let code = try row.code("code")
            let key = try row.publicKey("public_key")
            let takesUnsigned =
                row.optional("unsigned_notes").isEmpty ? nil : try row.yesNo("unsigned_notes")
            let supplier = MasterDataItem.supplier(
                code: code,
                name: try row.text("name"),
                publicKey: key,
                takesUnsigned: takesUnsigned,
                standing: try standing(row)
            )
            return (code, supplier)
        case .materials:
            let material = try material(row)
            return (material.code, .material(material))
        case .bins:
            let scope = try row.scope(areas: [ReceivingRoom.area, floorArea])
            let bin = Bin(code: try row.code("code"), scope: scope)
            return ("\(scope) \(bin.code)", .bin(bin))
        case .workers:
            let worker = try worker(row)
            return (worker.badge, .worker(worker))
        case .equipment:
            let equipment = try EquipmentRegistration(
                tag: try row.code("tag"),
                name: try row.label(),
                model: row.optional("model"),
                scope: try row.scope(areas: [floorArea]),
                forms: row.list("forms"),
                team: row.optional("team"),
                process: row.optional("process")
            )
            guard !equipment.forms.isEmpty else {
                throw ImportRefusal.missingValue(column: "forms")
            }
            return ("\(equipment.scope) \(equipment.tag)", .equipment(equipment))
        case .routes:
            let stops = row.list("stops")
            guard !stops.isEmpty else { throw ImportRefusal.missingValue(column: "stops") }
            let route = try Route(
                code: try row.code("code"),
                name: try row.label(),
                scope: try row.scope(areas: [floorArea]),
                stops: stops,
                schedule: try schedule(row)
            )
            return ("\(route.scope) \(route.code)", .route(route))
        case .forms, .categories, .orders:
            preconditionFailure("\(kind) are no rows of one thing each")
        }
    }

    /// When a route's stops are due; nil where the row says nothing about it.
    private static func schedule(_ row: TableRow) throws -> RouteSchedule? {
        var running: RouteSchedule.RunningHours?
        let meter = row.optional("meter")
        if !meter.isEmpty {
            let unit = try row.unit("every_unit")
            running = RouteSchedule.RunningHours(
                meter: meter,
                every: try row.quantity("every", unit)
            )
        }
        let rule = row.optional("rule")
        guard !rule.isEmpty || running != nil else { return nil }
        return try RouteSchedule(
            rule: rule,
            start: row.optional("start"),
            zone: row.optional("zone"),
            holidays: row.list("holidays"),
            shifts: row.list("shifts"),
            running: running
        )
    }

    private static func material(_ row: TableRow) throws(ImportRefusal) -> MaterialRegistration {
        let percent =
            row.optional("over_delivery_percent").isEmpty
            ? 0 : try row.integer("over_delivery_percent", 0...100)
        return MaterialRegistration(
            code: try row.code("code"),
            name: try row.text("name"),
            unit: try row.unit("unit"),
            isLotTracked: try row.yesNo("lot_tracked"),
            overDeliveryPercent: percent
        )
    }

    private static func worker(_ row: TableRow) throws(ImportRefusal) -> Worker {
        let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
        var roles: Set<Role> = []
        for word in row.list("roles") {
            guard let role = Role(rawValue: word) else { throw row.bad("roles", expected: known) }
            roles.insert(role)
        }
        guard !roles.isEmpty else { throw .missingValue(column: "roles") }
        return Worker(
            badge: try row.code("badge"),
            name: try row.text("name"),
            roles: roles,
            team: row.optional("team")
        )
    }
}
