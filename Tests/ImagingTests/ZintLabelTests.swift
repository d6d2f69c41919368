import Codes
import Deflate
import Foundation
import Imaging
import Tally
import Testing

/// Labels that another program drew (zint, of Debian), read from the picture to the fields.
@Suite struct ZintLabelTests {
    private static let program = "/usr/bin/zint"
    private static let isThere = FileManager.default.isExecutableFile(atPath: program)

    private struct Field: Hashable {
        let identifier: String
        let value: String
    }

    private struct Label {
        let text: String
        let fields: [Field]
    }

    /// What may stand in a field: everything of ASCII that is printed.
    private static let characters = (0x20...0x7E).compactMap(Unicode.Scalar.init)

    /// Four fifths are in format 06, the others in 05, in 12, and in two formats at once.
    private static func label(_ number: Int, _ dice: inout SeededDice) -> Label {
        let kinds: [[String]] =
            [["06"], ["06"], ["06"], ["06"], ["06"], ["06"], ["06"], ["06"]]
            + [["05"], ["12"], ["06", "12"], ["05", "06"]]
        var text = "[)>\u{1E}"
        var fields: [Field] = []
        for format in kinds[number % kinds.count] {
            let some = Self.fields(format, number, &dice)
            let written = some.map { field in
                field.identifier + (format == "12" ? " " : "") + field.value
            }
            text += format + "\u{1D}" + written.joined(separator: "\u{1D}") + "\u{1E}"
            fields += some
        }
        return Label(text: text + "\u{04}", fields: fields)
    }

    private static func fields(
        _ format: String,
        _ number: Int,
        _ dice: inout SeededDice
    ) -> [Field] {
        if format == "05" {
            // A global trade item number with its check digit, a lot, a serial.
            let body = (0..<13).map { _ in Int.random(in: 0...9, using: &dice) }
            let sum = body.enumerated().reduce(0) { $0 + $1.element * ($1.offset % 2 == 0 ? 3 : 1) }
            let item = (body + [(10 - sum % 10) % 10]).map(String.init).joined()
            return [
                Field(identifier: "01", value: item),
                Field(identifier: "10", value: "L\(number)"),
                Field(identifier: "21", value: "SN-\(number)"),
            ]
        }
        let known = DataIdentifier.all
            .filter { DataIdentifier.named($0.identifier, format: format) != nil }
            .sorted { $0.identifier < $1.identifier }
        // Each comes first on some label; others follow at random.
        let first = known[number % known.count]
        let others = (0..<Int.random(in: 0...7, using: &dice)).compactMap { _ in
            known.randomElement(using: &dice)
        }
        return ([first] + others).map { identifier in
            let isNumber = identifier.form.hasPrefix("n") || identifier.form.first == "Y"
            let value = (0..<Int.random(in: 1...18, using: &dice)).map { _ -> String in
                isNumber
                    ? String(Int.random(in: 0...9, using: &dice))
                    : characters.randomElement(using: &dice).map(String.init) ?? "0"
            }
            return Field(identifier: identifier.identifier, value: value.joined())
        }
    }

    /// A Data Matrix symbol (ISO/IEC 16022), 4 pixels a module, as a PNG file.
    private static func draw(_ label: Label, _ number: Int, in folder: URL) throws -> [UInt8] {
        let data = folder.appendingPathComponent("\(number).txt")
        let picture = folder.appendingPathComponent("\(number).png")
        try Data(label.text.utf8).write(to: data)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "--barcode=DATAMATRIX", "--input=\(data.path)", "--output=\(picture.path)", "--binary",
            "--scale=2", "--quietzones",
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "zint on label \(number)")
        return Array(try Data(contentsOf: picture))
    }

    @Test(
        .enabled(if: isThere, "zint is not installed"),
        arguments: [UInt64(Date.now.timeIntervalSince1970), 4711]
    )
    func `labels that zint drew as Data Matrix give their fields`(seed: UInt64) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tallyman-zint-\(getpid())-\(seed)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let client = WorkerFixture.client()
        let parser = CodeParser(compressor: DeflateCompressor(format: .raw))
        var dice = SeededDice(seed: seed)
        var identifiers: Set<String> = []
        for number in 0..<240 {
            let label = Self.label(number, &dice)
            let file = try Self.draw(label, number, in: folder)
            let symbols = try client.read(
                ReadingRequest(.file(file), symbologies: [.dataMatrix], milliseconds: 15_000)
            ).symbols
            #expect(symbols.map(\.bytes) == [Array(label.text.utf8)], "seed \(seed), \(number)")
            guard let text = symbols.first?.text.text,
                case .dataMessage(let message) = try parser.meaning(of: text)
            else {
                Issue.record("seed \(seed): label \(number) was not understood: \(label.text)")
                continue
            }
            let read = message.fields.map { Field(identifier: $0.identifier, value: $0.value) }
            #expect(read == label.fields, "seed \(seed), label \(number)")
            identifiers.formUnion(read.map(\.identifier))
        }
        // All that have a meaning were on a label.
        #expect(identifiers.isSuperset(of: DataIdentifier.all.map(\.identifier)))
    }
}
