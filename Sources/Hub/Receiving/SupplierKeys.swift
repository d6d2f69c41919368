import Codes
import Receiving
import Sync
import Tally

extension HubNode {
    /// The keys of one supplier, or of all, in order of supplier and age.
    ///
    /// - Throws: ``HubRefusal/unknownSupplier(_:)``.
    public func supplierKeys(
        of supplier: String?,
        in reading: any ReplicaReading
    ) throws -> [SupplierKey] {
        let suppliers: [SupplierRegistration]
        if let supplier {
            suppliers = [try registration(of: supplier, in: reading)]
        } else {
            suppliers = try reader(reading).records(kind: ReceivingRoom.EntityKind.supplier)
                .compactMap(SupplierRegistration.init)
        }
        return suppliers.sorted { $0.code < $1.code }.flatMap(\.keys)
    }

    /// Gives a supplier whose notes the hub makes a new key pair; the one before ends now.
    ///
    /// Notes that were signed before stay good, since a key is judged at the note's issue. The new
    /// key goes to the terminals with the next sync, like all master data.
    ///
    /// - Returns: the supplier's keys, the new one last.
    /// - Throws: ``HubRefusal/unknownSupplier(_:)``.
    public mutating func rotateKey(
        of supplier: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> [SupplierKey] {
        let known = try registration(of: supplier, in: transaction)
        let seed = try replaceSigningSeed(of: known.code, dice: &dice, in: transaction)
        var keys = known.keys.map { key in
            var ended = key
            if ended.validUntil.map({ reading.wall < $0 }) ?? true {
                ended.validUntil = reading.wall
            }
            return ended
        }
        let publicKey = try NoteSigner(seed: seed).publicKey
        keys += [
            SupplierKey(supplier: known.code, publicKey: publicKey, validFrom: reading.wall)
        ].compactMap { $0 }
        return try register(keys, known, reading: reading, dice: &dice, in: transaction)
    }

    /// Revokes a key: nothing by it is believed any more, whenever it was signed.
    ///
    /// A terminal knows of it with its next sync.
    ///
    /// - Returns: the supplier's keys.
    /// - Throws: ``HubRefusal/unknownKey(_:)``, also for a key of another supplier.
    public mutating func revokeKey(
        _ id: String,
        of supplier: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> [SupplierKey] {
        let known = try registration(of: supplier, in: transaction)
        var keys = known.keys
        guard let index = keys.firstIndex(where: { $0.id.description == id.lowercased() }) else {
            throw HubRefusal.unknownKey(id)
        }
        keys[index].revoked = true
        return try register(keys, known, reading: reading, dice: &dice, in: transaction)
    }

    private func registration(
        of supplier: String,
        in reading: any ReplicaReading
    ) throws -> SupplierRegistration {
        let key = ReceivingRoom.supplierKey(supplier)
        guard let known = SupplierRegistration(try reader(reading).record(of: key)) else {
            throw HubRefusal.unknownSupplier(supplier)
        }
        return known
    }

    private mutating func register(
        _ keys: [SupplierKey],
        _ known: SupplierRegistration,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws -> [SupplierKey] {
        let changed = SupplierRegistration(
            code: known.code,
            name: known.name,
            keys: keys,
            takesUnsigned: known.takesUnsigned,
            standing: known.standing
        )
        _ = try register(
            [try changed.draft()],
            by: "",
            reading: reading,
            dice: &dice,
            in: transaction
        )
        return keys
    }

    /// Says whether goods may be received on the word of the supplier's own codes, which nobody
    /// signed; a terminal knows of it with its next sync.
    ///
    /// - Throws: ``HubRefusal/unknownSupplier(_:)``.
    public mutating func setTakesUnsigned(
        _ takesUnsigned: Bool,
        of supplier: String,
        reading: ClockReading,
        dice: inout some Dice,
        in transaction: any ReplicaTransaction
    ) throws {
        let known = try registration(of: supplier, in: transaction)
        let changed = SupplierRegistration(
            code: known.code,
            name: known.name,
            keys: known.keys,
            takesUnsigned: takesUnsigned,
            standing: known.standing
        )
        _ = try register(
            [try changed.draft()],
            by: "",
            reading: reading,
            dice: &dice,
            in: transaction
        )
    }

    /// All suppliers, by code.
    public func suppliers(in reading: any ReplicaReading) throws -> [SupplierRegistration] {
        try reader(reading).records(kind: ReceivingRoom.EntityKind.supplier)
            .compactMap(SupplierRegistration.init).sorted { $0.code < $1.code }
    }
}
