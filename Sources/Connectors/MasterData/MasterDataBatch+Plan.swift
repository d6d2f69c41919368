import Codes
import ExceptionReports
import Forms
import Inspection
import Receiving
import Tally
import Workforce

/// What the hub shall record for a file, and how that is reported.
public struct MasterDataPlan: Hashable, Sendable {
    public let drafts: [Draft]
    public let report: ImportReport
}

extension MasterDataBatch {
    /// Holds the rows against what the hub knows: a row that says nothing new makes no draft.
    ///
    /// So the same file can be imported again and again.
    ///
    /// - Parameters:
    ///   - sites: the hub's.
    ///   - heldKeys: public halves of the keys that the hub holds, by supplier: of all
    ///     ``suppliersWithoutKey``.
    ///   - record: reads an entity as the hub knows it.
    /// - Returns: what to record, and what it comes to.
    /// - Throws: what `record` throws; rows that are not taken are in the report.
    public func plan(
        sites: [String],
        heldKeys: [String: [UInt8]],
        record: (EntityKey) throws -> EntityRecord
    ) throws -> MasterDataPlan {
        var drafts: [Draft] = []
        var report = ImportReport(self)
        for row in rows {
            do {
                try row.item.check(sites: sites, record: record)
                let made = try row.item.drafts(heldKeys: heldKeys, record: record)
                switch try Self.isKnown(made, record) {
                case .unchanged: report.unchanged += row.lines.count
                case .changed:
                    report.changed += row.lines.count
                    drafts += made
                case .new:
                    report.new += row.lines.count
                    drafts += made
                }
            } catch let refusal as any Refusal {
                report.refused += row.lines.map { RefusedRow(line: $0, refusal) }
            }
        }
        report.refused.sort { $0.line < $1.line }
        return MasterDataPlan(drafts: drafts, report: report)
    }

    private enum Standing { case new, changed, unchanged }

    private static func isKnown(
        _ drafts: [Draft],
        _ record: (EntityKey) throws -> EntityRecord
    ) throws -> Standing {
        // The last draft is about the thing itself; a form has one for its version before it.
        guard let draft = drafts.last else { return .unchanged }
        guard let known = try record(draft.entity).decisions[draft.type] else { return .new }
        return known.payload == draft.payload ? .unchanged : .changed
    }
}

extension MasterDataItem {
    /// Refuses a row that names what is not there.
    fileprivate func check(
        sites: [String],
        record: (EntityKey) throws -> EntityRecord
    ) throws {
        func checkSite(_ scope: Scope) throws(ImportRefusal) {
            guard sites.contains(scope.site) else {
                throw .unknownSite(site: scope.site, expected: sites.joined(separator: ", "))
            }
        }
        switch self {
        case .supplier, .material, .worker, .form: break
        case .category(let category):
            // A level that nobody can have would never be heard.
            for level in category.levels where Role(rawValue: level.role) == nil {
                throw ImportRefusal.unknownReference(column: "escalation", read: level.role)
            }
        case .bin(let bin):
            try checkSite(bin.scope)
        case .purchaseOrder(let order):
            let supplier = try record(ReceivingRoom.supplierKey(order.supplier))
            guard SupplierRegistration(supplier) != nil else {
                throw ImportRefusal.unknownReference(column: "supplier", read: order.supplier)
            }
            for line in order.lines {
                let material = try record(ReceivingRoom.materialKey(line.material))
                guard MaterialRegistration(material) != nil else {
                    throw ImportRefusal.unknownReference(column: "material", read: line.material)
                }
            }
        case .equipment(let equipment):
            try checkSite(equipment.scope)
            for form in equipment.forms
            where FormDefinition(try record(FormsRoom.key(form))) == nil {
                throw ImportRefusal.unknownReference(column: "forms", read: form)
            }
        case .route(let route):
            try checkSite(route.scope)
            for stop in route.stops {
                let machine = try record(InspectionRoom.equipmentKey(stop, in: route.scope))
                guard EquipmentRegistration(machine) != nil else {
                    throw ImportRefusal.unknownReference(column: "stops", read: stop)
                }
            }
        }
    }

    /// The decisions that register it; none when a room sees that nothing is new.
    fileprivate func drafts(
        heldKeys: [String: [UInt8]],
        record: (EntityKey) throws -> EntityRecord
    ) throws -> [Draft] {
        switch self {
        case .supplier(let code, let name, let publicKey, let takesUnsigned, let standing):
            let known = SupplierRegistration(try record(ReceivingRoom.supplierKey(code)))
            let keys = try Self.keys(
                of: code,
                known: known?.keys ?? [],
                given: publicKey,
                held: heldKeys[code]
            )
            let supplier = SupplierRegistration(
                code: code,
                name: name,
                keys: keys,
                takesUnsigned: takesUnsigned ?? known?.takesUnsigned ?? false,
                standing: standing ?? known?.standing ?? SupplierStanding()
            )
            return [try supplier.draft()]
        case .material(let material): return [try material.draft()]
        case .purchaseOrder(let order): return [try order.draft()]
        case .bin(let bin): return [try bin.draft()]
        case .worker(let worker): return [try worker.draft()]
        case .equipment(let equipment):
            return try equipment.draft(over: record(equipment.key)).map { [$0] } ?? []
        case .route(let route):
            return try route.draft(over: record(route.key)).map { [$0] } ?? []
        case .form(let form):
            return try form.publish(over: FormDefinition(record(FormsRoom.key(form.code))))
        case .category(let category):
            return try category.publish(over: ExceptionCategory(record(category.key)))
                .map { [$0] } ?? []
        }
    }

    /// A supplier keeps the keys that it had, since notes made with them are still on the road.
    private static func keys(
        of supplier: String,
        known: [SupplierKey],
        given: [UInt8]?,
        held: [UInt8]?
    ) throws -> [SupplierKey] {
        guard let publicKey = given ?? (known.isEmpty ? held : nil),
            !known.contains(where: { $0.publicKey == publicKey })
        else { return known }
        guard let key = SupplierKey(supplier: supplier, publicKey: publicKey) else {
            throw ImportRefusal.badValue(
                column: "public_key",
                read: publicKey.hexadecimal,
                expected: "Ed25519"
            )
        }
        return known + [key]
    }
}
