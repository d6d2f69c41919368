import Codes
import Deflate
import Tally
import Testing

/// A supplier's note and key, the same in every run.
enum Fixture {
    static let compressor = DeflateCompressor(format: .raw, level: 9)
    static let seed = [UInt8](1...32)
    static let issued = Moment(milliseconds: 1_795_248_000_000)
    static let day: Int64 = 86_400_000

    static func content(lines: Int = 2) throws -> NoteContent {
        NoteContent(
            supplier: "S-HUAXIN",
            number: "DN-2026-0042",
            site: "SUZHOU",
            issuedAt: issued,
            promisedArrival: issued.adding(milliseconds: 2 * day),
            lines: try (1...lines).map { number in
                NoteContent.Line(
                    number: number,
                    purchaseOrder: "PO-1001",
                    purchaseOrderLine: 10 * number,
                    material: "M-\(1000 + number)",
                    description: "轴承 6204-2RS",
                    quantity: try #require(Quantity(text: "40.5", unit: .piece)),
                    lot: "L2026-\(number)",
                    serials: ["SN-\(number)"],
                    cartons: ["340123450000000017"]
                )
            }
        )
    }

    static func key(
        seed: [UInt8] = seed,
        supplier: String = "S-HUAXIN",
        from: Moment? = nil,
        until: Moment? = nil,
        revoked: Bool = false
    ) throws -> SupplierKey {
        let publicKey = try NoteSigner(seed: seed).publicKey
        return try #require(
            SupplierKey(
                supplier: supplier,
                publicKey: publicKey,
                validFrom: from,
                validUntil: until,
                revoked: revoked
            )
        )
    }

    static func text(_ content: NoteContent? = nil, seed: [UInt8] = seed) throws -> String {
        try SignedNote.make(content ?? Self.content(), seed: seed, compressor: compressor)
    }
}
