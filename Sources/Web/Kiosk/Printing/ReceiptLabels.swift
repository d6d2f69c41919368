import Agent
import Codes
import Foundation
import Receiving
import Sync
import Tally

/// The labels of a receipt, filled in from what was counted: a receipt slip, and a put-away label
/// for every line of which something came.
struct ReceiptLabels {
    /// The slip.
    let slip: PrintDesk.Order
    /// In the order of the lines.
    let goods: [PrintDesk.Order]

    var all: [PrintDesk.Order] { [slip] + goods }

    /// Fills the labels in.
    ///
    /// - Parameters:
    ///   - receipt: what was counted.
    ///   - site: the terminal's.
    ///   - slipPrinter: where the slip is printed.
    ///   - labelPrinter: where the put-away labels are.
    ///   - reader: a read of the terminal's store.
    ///   - words: the reader's language and time.
    /// - Throws: when the store cannot be read.
    init(
        _ receipt: Receipt,
        site: String,
        slipPrinter: String,
        labelPrinter: String,
        _ reader: EntityReader,
        _ words: KioskWords
    ) throws {
        let last = receipt.closed ?? receipt.opened
        var slip = PrintDesk.Order(label: "receipt", printer: slipPrinter)
        slip.language = words.language.rawValue
        slip.fields = [
            "note": receipt.note.number,
            "supplierName": try reader.supplierName(receipt.note.supplier),
            "site": site,
            "time": words.date(last.moment),
            "worker": try reader.workerName(last.author),
            "lineCount": String(receipt.totals.count),
        ]
        slip.lists = [
            "lines": receipt.totals.map { total in
                [
                    "material": total.line.material,
                    "expected": words.quantity(total.line.quantity),
                    "counted": words.quantity(total.counted),
                ]
            }
        ]
        self.slip = slip
        goods = try receipt.totals.filter { $0.counted.amount > 0 }.map { total in
            var order = PrintDesk.Order(label: "put_away", printer: labelPrinter)
            order.language = words.language.rawValue
            let line = total.line
            order.fields = [
                "material": line.material,
                "description": line.description.isEmpty
                    ? try reader.materialName(line.material) : line.description,
                "amount": total.counted.number,
                "unit": total.counted.unit.code,
                "lot": line.lot,
                "bin": "",
            ]
            return order
        }
    }
}
