import Codes
import Foundation
import SwiftProtobuf
import Tally

// Master data of receiving: versioned decisions of the hub. Each value drafts the decision that
// registers it; the import compares payloads, so that an unchanged row makes no operation.

/// How a supplier's goods are looked upon at the dock.
public struct SupplierStanding: Hashable, Sendable {
    /// Whether nothing of it is to be received before a person was asked.
    public var isBlacklisted: Bool
    /// When its approval ends; nil for never.
    public var validUntil: Moment?
    /// Whether clerks count its goods without seeing what was noted.
    public var countsBlind: Bool

    /// In good standing, unless said otherwise.
    public init(isBlacklisted: Bool = false, validUntil: Moment? = nil, countsBlind: Bool = false) {
        self.isBlacklisted = isBlacklisted
        self.validUntil = validUntil
        self.countsBlind = countsBlind
    }

    /// Whether its approval has ended.
    public func isExpired(at now: Moment) -> Bool { validUntil.map { $0 < now } ?? false }
}

/// A supplier (供应商) and the keys that it signs its notes with.
public struct SupplierRegistration: Hashable, Sendable {
    public static let type = "supplier.registered"

    public let code: String
    public let name: String
    public let keys: [SupplierKey]
    /// Whether goods may be received on the word of the supplier's own codes, which nobody signed.
    public let takesUnsigned: Bool
    /// How its goods are looked upon at the dock.
    public let standing: SupplierStanding

    public init(
        code: String,
        name: String,
        keys: [SupplierKey],
        takesUnsigned: Bool = false,
        standing: SupplierStanding = SupplierStanding()
    ) {
        self.code = NaturalKey.code(code)
        self.name = name
        self.keys = keys
        self.takesUnsigned = takesUnsigned
        self.standing = standing
    }

    /// Reads a supplier from its entity; nil when it is not registered.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let wire = try? WireSupplierRegistered(serializedBytes: payload)
        else { return nil }  // best effort: only the hub writes these
        code = wire.code
        name = wire.name
        takesUnsigned = wire.takesUnsigned
        standing = SupplierStanding(
            isBlacklisted: wire.blacklisted,
            validUntil: wire.hasValidUntil ? Moment(milliseconds: wire.validUntil) : nil,
            countsBlind: wire.countsBlind
        )
        keys = wire.keys.compactMap { key in
            SupplierKey(
                supplier: wire.code,
                publicKey: Array(key.publicKey),
                validFrom: key.hasValidFrom ? Moment(milliseconds: key.validFrom) : nil,
                validUntil: key.hasValidUntil ? Moment(milliseconds: key.validUntil) : nil,
                revoked: key.revoked
            )
        }
    }

    /// The decision that registers this version.
    public func draft() throws -> Draft {
        var wire = WireSupplierRegistered()
        wire.code = code
        wire.name = name
        wire.takesUnsigned = takesUnsigned
        wire.blacklisted = standing.isBlacklisted
        if let end = standing.validUntil { wire.validUntil = end.milliseconds }
        wire.countsBlind = standing.countsBlind
        wire.keys = keys.map { key in
            var wireKey = WireSupplierRegistered.Key()
            wireKey.publicKey = Data(key.publicKey)
            if let from = key.validFrom { wireKey.validFrom = from.milliseconds }
            if let until = key.validUntil { wireKey.validUntil = until.milliseconds }
            wireKey.revoked = key.revoked
            return wireKey
        }
        return Draft(
            .decision,
            of: ReceivingRoom.supplierKey(code),
            type: Self.type,
            payload: try wire.serializedBytes()
        )
    }
}

/// A material that suppliers deliver.
public struct MaterialRegistration: Hashable, Sendable {
    public static let type = "material.registered"

    public let code: String
    public let name: String
    public let unit: Tally.Unit
    public let isLotTracked: Bool
    /// How much more than noted may come, in per cent.
    public let overDeliveryPercent: Int

    public init(
        code: String,
        name: String,
        unit: Tally.Unit,
        isLotTracked: Bool,
        overDeliveryPercent: Int
    ) {
        self.code = NaturalKey.code(code)
        self.name = name
        self.unit = unit
        self.isLotTracked = isLotTracked
        self.overDeliveryPercent = overDeliveryPercent
    }

    /// Reads a material from its entity; nil when it is not registered.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let wire = try? WireMaterialRegistered(serializedBytes: payload),
            let unit = Tally.Unit(wire.unit)
        else { return nil }  // best effort: only the hub writes these
        code = wire.code
        name = wire.name
        self.unit = unit
        isLotTracked = wire.lotTracked
        overDeliveryPercent = Int(wire.overDeliveryPercent)
    }

    /// The decision that registers this version.
    public func draft() throws -> Draft {
        var wire = WireMaterialRegistered()
        wire.code = code
        wire.name = name
        wire.unit = unit.code
        wire.lotTracked = isLotTracked
        wire.overDeliveryPercent = UInt32(clamping: overDeliveryPercent)
        return Draft(
            .decision,
            of: ReceivingRoom.materialKey(code),
            type: Self.type,
            payload: try wire.serializedBytes()
        )
    }
}

/// A purchase order (采购订单) from the ERP.
public struct PurchaseOrder: Hashable, Sendable {
    public static let type = "purchase_order.placed"

    /// A material that was ordered, and when it is to come.
    public struct Line: Hashable, Sendable {
        public let number: Int
        public let material: String
        public let quantity: Quantity
        public let promised: Moment
        /// A machine's tag or a team that waits for it; empty for none.
        public let wantedBy: String

        public init(
            number: Int,
            material: String,
            quantity: Quantity,
            promised: Moment,
            wantedBy: String = ""
        ) {
            self.wantedBy = NaturalKey.code(wantedBy)
            self.number = number
            self.material = NaturalKey.code(material)
            self.quantity = quantity
            self.promised = promised
        }
    }

    public let number: String
    public let supplier: String
    public let lines: [Line]

    public init(number: String, supplier: String, lines: [Line]) {
        self.number = NaturalKey.number(number)
        self.supplier = NaturalKey.code(supplier)
        self.lines = lines
    }

    /// Reads an order from its entity; nil when it was not placed.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let wire = try? WirePurchaseOrderPlaced(serializedBytes: payload)
        else { return nil }  // best effort: only the hub writes these
        number = wire.number
        supplier = wire.supplier
        lines = wire.lines.compactMap { line in
            line.quantity.value.map { quantity in
                Line(
                    number: Int(line.number),
                    material: line.material,
                    quantity: quantity,
                    promised: Moment(milliseconds: line.promised),
                    wantedBy: line.wantedBy
                )
            }
        }
    }

    /// The decision that registers this version.
    public func draft() throws -> Draft {
        var wire = WirePurchaseOrderPlaced()
        wire.number = number
        wire.supplier = supplier
        wire.lines = lines.map { line in
            var wireLine = WirePurchaseOrderPlaced.Line()
            wireLine.number = UInt32(line.number)
            wireLine.material = line.material
            wireLine.quantity = WireAmount(line.quantity)
            wireLine.promised = line.promised.milliseconds
            wireLine.wantedBy = line.wantedBy
            return wireLine
        }
        return Draft(
            .decision,
            of: ReceivingRoom.purchaseOrderKey(number),
            type: Self.type,
            payload: try wire.serializedBytes()
        )
    }
}

/// A bin (库位) of a store.
public struct Bin: Hashable, Sendable {
    public static let type = "bin.registered"

    public let code: String
    public let scope: Scope

    public init(code: String, scope: Scope) {
        self.code = NaturalKey.code(code)
        self.scope = scope
    }

    /// Reads a bin from its entity; nil when it is not registered.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let wire = try? WireBinRegistered(serializedBytes: payload)
        else { return nil }  // best effort: only the hub writes these
        self.init(code: wire.code, scope: Scope(site: wire.site, area: wire.area))
    }

    /// The decision that registers this version.
    public func draft() throws -> Draft {
        var wire = WireBinRegistered()
        wire.code = code
        wire.site = scope.site
        wire.area = scope.area
        return Draft(
            .decision,
            of: ReceivingRoom.binKey(code, in: scope),
            type: Self.type,
            payload: try wire.serializedBytes()
        )
    }
}
