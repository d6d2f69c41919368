import Agent
import Codes
import Receiving
import Sync
import Tally

// What of a receipt is told beside its lines.

extension Receipt {
    /// What was seen of a line, the latest first.
    func entries(
        of line: Int?,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws -> [ReceiptView.Entry] {
        let cartons = lines.first { $0.number == line }?.cartons ?? []
        return try observations.reversed().compactMap { seen in
            let what: String
            switch seen.kind {
            case .counted(let quantity, let lot, let asNoted):
                guard seen.line == line else { return nil }
                let lot = lot.isEmpty ? "" : " · \(lot)"
                let noted = asNoted ? " · " + words.text("kiosk.as_noted_key") : ""
                what = words.quantity(quantity) + lot + noted
            case .carton(let sscc):
                guard cartons.contains(sscc) else { return nil }
                what = "SSCC …" + sscc.suffix(6)
            case .damaged(let quantity):
                guard seen.line == line else { return nil }
                what = words.text(
                    "kiosk.damaged_total",
                    ["quantity": words.quantity(quantity)]
                )
            }
            return ReceiptView.Entry(
                words: what,
                about: [
                    try reader.workerName(seen.evidence.author),
                    words.time(seen.evidence.moment),
                ]
                .joined(separator: " · "),
                correction: try seen.correction.map { evidence in
                    words.text(
                        "kiosk.taken_back",
                        [
                            "name": try reader.workerName(evidence.author),
                            "time": words.time(evidence.moment),
                        ]
                    )
                }
            )
        }
    }
}

extension KioskWords {
    /// What a supplier is called; that of goods without papers is not known.
    func supplier(_ code: String, _ reader: EntityReader) throws -> String {
        code == ReceivingRoom.unknownSupplier
            ? text("kiosk.unknown_supplier") : try reader.supplierName(code)
    }
}

extension ReceiptView.PutAwayView {
    /// What of a line is in no bin yet; nil when nothing is left.
    init?(
        _ receipt: Receipt,
        line: Int,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        guard let (lot, quantity) = receipt.leftToPutAway(line).first else { return nil }
        let found = try reader.putAwaySuggestion(receipt, line: line)
        left = words.text(
            "kiosk.put_away_left",
            ["quantity": words.quantity(quantity), "line": String(line)]
        )
        bin = found?.bin
        command = found.map { BinLabel.text(bin: $0.bin) } ?? ""
        why = words.text(
            "kiosk.put_away_\(found?.reason.rawValue ?? "full")",
            ["lot": lot, "bin": found?.bin ?? ""]
        )
    }
}

extension KioskWords {
    /// Goods beside the note, for which the next number is.
    func beside(_ goods: KioskSession.BesideNote, _ reader: EntityReader) throws -> String {
        text(
            "kiosk.beside_note",
            [
                "material": try reader.materialName(goods.material),
                "lot": goods.lot.isEmpty ? "" : " · \(goods.lot)",
            ]
        )
    }
}
