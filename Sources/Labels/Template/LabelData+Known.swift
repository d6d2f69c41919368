import Codes
import Tally

// The labels that Tallyman prints by itself; their templates are in `Templates/Labels`.

extension LabelData {
    /// A machine's plate: `tag` and its GS1 Digital Link, `link`.
    ///
    /// - Parameters:
    ///   - plate: the machine.
    ///   - base: the address that the link begins with.
    ///   - name: what people call the machine; may be empty.
    /// - Returns: data for the template `plate`.
    /// - Throws: ``CodeRefusal/badBase(_:)``.
    public static func plate(
        _ plate: Plate,
        base: String = Plate.standardBase,
        name: String = ""
    ) throws(CodeRefusal) -> LabelData {
        LabelData(["tag": plate.tag, "link": try plate.text(base: base), "name": name])
    }

    /// A delivery note, with its signed codes.
    ///
    /// - Parameters:
    ///   - note: what is delivered.
    ///   - supplierName: the supplier as people know it; its code where that is not known.
    ///   - codes: the texts of the symbols, one a part.
    /// - Returns: data for the templates `delivery_note_a4` and `delivery_note`.
    public static func note(
        _ note: NoteContent,
        supplierName: String,
        codes: [String]
    ) -> LabelData {
        let lines = note.lines.map { line in
            [
                "line": String(line.number), "material": line.material,
                "description": line.description,
                "amount": line.quantity.number, "unit": line.quantity.unit.code,
                "order": line.purchaseOrder, "lot": line.lot,
                "serials": String(line.serials.count), "cartons": String(line.cartons.count),
            ]
        }
        let parts = codes.enumerated().map { index, code in
            [
                "code": code, "part": String(index + 1), "parts": String(codes.count),
                "numbering": codes.count == 1 ? "" : "\(index + 1)/\(codes.count)",
            ]
        }
        return LabelData(
            [
                "number": note.number, "supplier": note.supplier, "supplierName": supplierName,
                "site": note.site, "issued": note.issuedAt.day,
                "promised": note.promisedArrival.day,
                "lineCount": String(lines.count),
            ],
            lists: ["lines": lines, "codes": parts]
        )
    }

    /// A carton or pallet, by its SSCC (GS1 General Specifications, AI 00).
    ///
    /// - Throws: ``LabelRefusal/badSSCC(_:)``.
    public static func carton(
        sscc: String,
        material: String,
        amount: String,
        unit: String,
        lot: String,
        order: String = ""
    ) throws(LabelRefusal) -> LabelData {
        let digits = Array(sscc.utf8)
        guard digits.count == 18, digits.allSatisfy({ (48...57).contains($0) }),
            CheckDigit.isRight(digits)
        else { throw .badSSCC(sscc) }
        return LabelData([
            "sscc": sscc, "element": "00" + sscc, "material": material, "amount": amount,
            "unit": unit, "lot": lot, "order": order,
        ])
    }

    /// Goods on their way to a bin.
    ///
    /// The code says what they are (ISO/IEC 15434, format 06), the small one where they belong.
    public static func putAway(
        material: String,
        description: String,
        amount: String,
        unit: String,
        lot: String,
        bin: String
    ) -> LabelData {
        let parts = [("P", material), ("Q", amount), ("3Q", unit), ("1T", lot)]
            .filter { !$1.isEmpty }.map { $0 + PrintableText.clean($1) }
        let message = "[)>\u{1E}06\u{1D}" + parts.joined(separator: "\u{1D}") + "\u{1E}\u{04}"
        return LabelData([
            "material": material, "description": description, "amount": amount, "unit": unit,
            "lot": lot, "bin": NaturalKey.code(bin), "message": message,
            "binCode": bin.isEmpty ? "" : BinLabel.text(bin: bin),
        ])
    }

    /// What was received against a note; its code opens the note at a terminal.
    public static func receipt(
        note: String,
        supplierName: String,
        site: String,
        moment: Moment,
        worker: String,
        lines: [(material: String, expected: String, counted: String)]
    ) -> LabelData {
        LabelData(
            [
                "note": note, "supplierName": supplierName, "site": site, "worker": worker,
                "time": moment.minute, "lineCount": String(lines.count),
            ],
            lists: [
                "lines": lines.map {
                    ["material": $0.material, "expected": $0.expected, "counted": $0.counted]
                }
            ]
        )
    }

    /// A card of command codes, each with its words.
    public static func commandCard(
        _ commands: [(command: CommandCode, chinese: String, english: String)]
    ) -> LabelData {
        LabelData(lists: [
            "commands": commands.map {
                ["code": $0.command.text, "zh": $0.chinese, "en": $0.english]
            }
        ])
    }
}

extension Moment {
    /// The day, as `2026-11-28`, in UTC.
    fileprivate var day: String { String(description.prefix(10)) }

    /// Day and minute, in UTC.
    fileprivate var minute: String {
        String(description.prefix(16)).replacing("T", with: " ") + " UTC"
    }
}
