import Codes
import Connectors
import Deflate
import Foundation
import Imaging
import Labels
import Tally

/// The seed that random tests count up from: `TALLYMAN_SEED`, or 1.
let seedBase = ProcessInfo.processInfo.environment["TALLYMAN_SEED"].flatMap(UInt64.init) ?? 1

/// Labels as Tallyman carries them, and the real imaging process.
enum LabelBench {
    static let resolution = 203

    static let client: ImagingWorkerClient = {
        ImagingWorkerClient(executable: executable, timeout: .seconds(60))
    }()

    /// The child's program: where the environment says, else beside the bundle that runs.
    static let executable: String = {
        if ProcessInfo.processInfo.environment["TALLYMAN_IMAGING"] != nil {
            return ImagingWorkerClient.standardExecutable
        }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let root = bundle.range(of: ".xctest").map { String(bundle[..<$0.upperBound]) } ?? bundle
        let folder = URL(filePath: root).deletingLastPathComponent()
        let beside = folder.appending(path: "tallyman-imaging").path
        return FileManager.default.fileExists(atPath: beside)
            ? beside : ImagingWorkerClient.standardExecutable
    }()

    static let templates = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Templates/Labels")

    static func template(_ name: String) throws -> LabelTemplate {
        let file = templates.appending(path: name + ".yaml")
        return try LabelTemplateFile.read(
            name: name + ".yaml",
            bytes: Array(try Data(contentsOf: file))
        ) { name in Array(try Data(contentsOf: templates.appending(path: name))) }
    }

    static func parsed(_ yaml: String) throws -> LabelTemplate {
        try LabelTemplateFile.read(name: "test.yaml", bytes: Array(yaml.utf8)) { _ in [] }
    }

    /// A note of this many lines.
    static func note(lines: Int, description: String = "深沟球轴承 6204-2RS") throws -> NoteContent {
        NoteContent(
            supplier: "JG-BEARING",
            number: "DN-2026-0815",
            site: "SZ1",
            issuedAt: Moment(milliseconds: 1_790_000_000_000),
            promisedArrival: Moment(milliseconds: 1_790_100_000_000),
            lines: (1...lines).map { line in
                NoteContent.Line(
                    number: line,
                    purchaseOrder: "PO-2026-0101",
                    purchaseOrderLine: line,
                    material: "BRG-\(6200 + line)",
                    description: description,
                    quantity: Quantity(count: Int64(40 * line)),
                    lot: "L2611\(line)"
                )
            }
        )
    }

    static func signed(_ note: NoteContent) throws -> String {
        try SignedNote.make(
            note,
            signer: try NoteSigner(seed: [UInt8](repeating: 7, count: 32)),
            compressor: DeflateCompressor(format: .raw, level: 9)
        )
    }

    /// A label of each kind, and the texts of its codes.
    struct Sample: Sendable {
        let template: String
        let data: LabelData
        let texts: Set<String>
    }

    static func samples() throws -> [Sample] {
        let plate = try Plate(tag: "PUMP-7")
        let note = try note(lines: 4)
        let code = try signed(note)
        let goods = LabelData.putAway(
            material: "BRG-6204",
            description: "深沟球轴承 6204-2RS",
            amount: "50",
            unit: "H87",
            lot: "L26111A",
            bin: "A-01-02"
        )
        let commands = CommandCode.plain.map(\.command) + (0...30).map(CommandCode.quantity)
        return [
            Sample(
                template: "plate",
                data: try .plate(plate, name: "循环水泵 7 号"),
                texts: [try plate.text()]
            ),
            Sample(
                template: "delivery_note",
                data: .note(note, supplierName: "江工轴承（苏州）有限公司", codes: [code]),
                texts: [code]
            ),
            Sample(
                template: "delivery_note_a4",
                data: .note(note, supplierName: "江工轴承", codes: [code, "PART TWO", "PART THREE"]),
                texts: [code, "PART TWO", "PART THREE"]
            ),
            Sample(
                template: "carton",
                data: try .carton(
                    sscc: "069012340000000016",
                    material: "BRG-6204",
                    amount: "50",
                    unit: "H87",
                    lot: "L26111A",
                    order: "PO-2026-0101"
                ),
                texts: ["00069012340000000016"]
            ),
            Sample(
                template: "put_away",
                data: goods,
                texts: [
                    "[)>\u{1E}06\u{1D}PBRG-6204\u{1D}Q50\u{1D}3QH87\u{1D}1TL26111A\u{1E}\u{04}",
                    "TM:B:A-01-02",
                ]
            ),
            Sample(
                template: "receipt",
                data: .receipt(
                    note: "DN-2026-0815",
                    supplierName: "江工轴承",
                    site: "SZ1",
                    moment: note.issuedAt,
                    worker: "W17 王芳",
                    lines: note.lines.map { ($0.material, $0.quantity.number, "39") }
                ),
                texts: ["DN-2026-0815"]
            ),
            Sample(
                template: "command_card",
                data: .commandCard(commands.map { ($0, "指令", "command") }),
                texts: Set(commands.map(\.text))
            ),
        ]
    }

    /// The texts of all codes in pictures.
    static func texts(in pictures: [[UInt8]]) throws -> Set<String> {
        var texts: Set<String> = []
        for picture in pictures {
            // Suites share the processors; what is asked is whether it can be read, not how fast.
            let reading = try client.read(
                ReadingRequest(.file(picture), symbologies: [.qr, .code128], milliseconds: 20_000)
            )
            texts.formUnion(reading.symbols.map { $0.text.text })
        }
        return texts
    }

    /// Dots as a picture file (PGM).
    static func pgm(_ dots: DotPicture) -> [UInt8] {
        var pixels = [UInt8](repeating: 255, count: dots.width * dots.height)
        for y in 0..<dots.height {
            for x in 0..<dots.width where dots.isBlack(x, y) { pixels[y * dots.width + x] = 0 }
        }
        return Array("P5\n\(dots.width) \(dots.height)\n255\n".utf8) + pixels
    }
}
