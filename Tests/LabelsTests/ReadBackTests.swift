import Codes
import Drivers
import Foundation
import Imaging
import Labels
import Tally
import Testing

/// Every label is read back, by our own decoder, from what was made of it.
@Suite struct ReadBackTests {
    @Test(arguments: ["zh-CN", "en"])
    func `the codes of every label are read from its rendering at 203 dpi`(
        language: String
    ) throws {
        for sample in try LabelBench.samples() {
            let template = try LabelBench.template(sample.template)
            let pages = try template.pages(sample.data, language: language)
            let files = try LabelBench.client.files(of: pages, as: .png(resolution: 203))
            #expect(files.count == pages.count)
            let texts = try LabelBench.texts(in: files)
            #expect(texts == sample.texts, "\(sample.template) in \(language)")
        }
    }

    @Test func `a code keeps whole dots a module at every resolution`() throws {
        let template = try LabelBench.template("plate")
        for resolution in [203, 300, 600] {
            let pages = try template.pages(try .plate(Plate(tag: "PUMP-7")), language: "en")
            let dots = try LabelBench.client.dots(of: pages, resolution: resolution)[0]
            // The finder's upper left ring is seven modules wide: its first black row tells.
            let left = try #require(Self.firstBlack(in: dots))
            var run = 0
            while dots.isBlack(left.x + run, left.y) { run += 1 }
            #expect(run % 7 == 0, "\(run) dots for seven modules at \(resolution) dpi")
            let picture = LabelBench.pgm(dots)
            #expect(try LabelBench.texts(in: [picture]).count == 1)
        }
    }

    /// The first black dot of the left half, below the label's upper edge, row by row.
    private static func firstBlack(in dots: DotPicture) -> (x: Int, y: Int)? {
        for y in 0..<dots.height {
            for x in 0..<dots.width / 2 where dots.isBlack(x, y) { return (x, y) }
        }
        return nil
    }

    @Test func `a label in PDF and SVG is whole`() throws {
        for sample in try LabelBench.samples() {
            let template = try LabelBench.template(sample.template)
            let pages = try template.pages(sample.data, language: "zh-CN")
            let pdf = try LabelBench.client.files(of: pages, as: .pdf)
            #expect(pdf.count == 1)
            #expect(pdf[0].starts(with: Array("%PDF-".utf8)))
            let tail = String(decoding: pdf[0].suffix(8), as: UTF8.self)
            #expect(tail.contains("%%EOF"))
            let svg = try LabelBench.client.files(of: pages, as: .svg)
            #expect(svg.count == pages.count)
            for file in svg {
                let text = String(decoding: file, as: UTF8.self)
                #expect(text.contains("<svg"))
                #expect(text.hasSuffix("</svg>\n"))
            }
        }
    }

    @Test func `a code that does not fit is refused and names the size that it wants`() throws {
        let template = try LabelBench.parsed(
            "title: x\nsize: [30, 30]\nelements:\n"
                + "  - { qr: '{code}', at: [1, 1], size: [20, 20] }\n"
        )
        let data = LabelData(["code": String(repeating: "收货", count: 300)])
        let pages = try template.pages(data, language: "en")
        let refusal = #expect(throws: ImagingError.self) {
            try LabelBench.client.dots(of: pages, resolution: 203)
        }
        #expect(refusal?.code.text == "imaging.code_does_not_fit")
        #expect(refusal?.facts["detail"]?.contains("mm at least") == true)
    }

    @Test func `Code 128 takes every printable text and is read back`() throws {
        var dice = SeededDice(seed: seedBase)
        let letters = (0x20...0x7E).map { UInt8($0) }
        for _ in 0..<40 {
            let count = Int.random(in: 1...24, using: &dice)
            // Digits often, since those change the code set.
            let text = String(
                decoding: (0..<count).map { _ in
                    Bool.random(using: &dice)
                        ? UInt8.random(in: 48...57, using: &dice)
                        : letters[Int.random(in: 0..<letters.count, using: &dice)]
                },
                as: UTF8.self
            )
            let sheet = LabelSheet(
                width: 160_000,
                height: 20_000,
                elements: [
                    .code(
                        LabelCode(
                            kind: .code128,
                            content: text,
                            level: "",
                            box: LabelBox(x: 1_000, y: 2_000, width: 158_000, height: 15_000)
                        )
                    )
                ]
            )
            let files = try LabelBench.client.files(of: [sheet], as: .png(resolution: 203))
            #expect(try LabelBench.texts(in: files) == [text], "seed \(seedBase)")
        }
    }

    @Test func `ZPL is read back from another program's rendering`() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let python = environment["TALLYMAN_PYTHON"] else {
            print("TALLYMAN_PYTHON names no Python with zplkit: not checked")
            return
        }
        for sample in try LabelBench.samples() {
            let template = try LabelBench.template(sample.template)
            let pages = try template.pages(sample.data, language: "zh-CN")
            let dots = try LabelBench.client.dots(of: pages, resolution: 203)
            let zpl = ZPL().stream(dots, resolution: 203, copies: 1).bytes
            let pictures = try ForeignRendering.pictures(of: zpl, python: python)
            #expect(pictures.count == pages.count)
            #expect(try LabelBench.texts(in: pictures) == sample.texts, "\(sample.template)")
        }
    }
}

/// zplkit, which knows nothing of us.
enum ForeignRendering {
    private static let script = """
        import pathlib, sys
        from zplkit import Options, render
        source = pathlib.Path(sys.argv[1])
        document = render(source.read_bytes(), Options(profile="specification", dpi=203))
        if document.warnings:
            sys.exit("; ".join(document.warnings))
        for index, label in enumerate(document.labels):
            source.with_suffix(f".{index}.png").write_bytes(label.png())
        print(len(document.labels))
        """

    static func pictures(of zpl: [UInt8], python: String) throws -> [[UInt8]] {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tallyman-zpl-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // best effort
        let source = folder.appending(path: "label.zpl")
        try Data(zpl).write(to: source)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", script, source.path]
        process.standardOutput = output
        try process.run()
        let count = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "zplkit refused our ZPL")
        let labels = Int(count.filter(\.isNumber)) ?? 0
        return try (0..<labels).map { index in
            Array(try Data(contentsOf: folder.appending(path: "label.\(index).png")))
        }
    }
}
