import Codes
import Deflate
import Imaging
import Labels
import Tally
import Testing

/// A signed note of twenty lines with lots, as a printer of 203 dots an inch puts it on paper.
@Suite struct PrintedNoteTests {
    /// What a print does to dots.
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case none
        /// Three dots in a hundred are of the wrong colour.
        case specks
        /// Ink and light run into the dots beside, and the paper is grey.
        case blur
        /// The head was too hot: black grows by a part of a dot.
        case fat
        /// The head was too cold: black shrinks, and its edges are ragged.
        case thin
        /// Blurred, unevenly lit, with noise.
        case worn

        var testDescription: String { rawValue }
    }

    private static let textOfNote: Result<String, any Error> = Result {
        var note = try LabelBench.note(lines: 20, description: "")
        for index in note.lines.indices { note.lines[index].lot = "L2611\(40 + index)A" }
        return try LabelBench.signed(note)
    }

    /// A label with nothing but the note's code in a field of 50 mm.
    private static func field(_ text: String) throws -> DotPicture {
        let template = try LabelBench.parsed(
            "title: x\nsize: [60, 60]\nelements:\n"
                + "  - { qr: '{code}', level: M, at: [5, 5], size: [50, 50] }\n"
        )
        let pages = try template.pages(LabelData(["code": text]), language: "en")
        return try #require(try LabelBench.client.dots(of: pages, resolution: 203).first)
    }

    @Test(arguments: Damage.allCases)
    func `a note of twenty lines is read from a print of 50 mm at 203 dpi`(
        damage: Damage
    ) throws {
        let text = try Self.textOfNote.get()
        #expect(try NotePart.texts(of: text) == [text], "it takes one symbol")
        let dots = try Self.field(text)
        #expect(dots.width == 480)
        for seed in seedBase..<seedBase + 5 {
            var dice = SeededDice(seed: seed)
            let picture = Self.print(dots, damage, &dice)
            let found = try LabelBench.texts(in: [picture])
            #expect(found == [text], "\(damage), seed \(seed)")
        }
    }

    @Test(arguments: ["delivery_note", "delivery_note_a4"], Damage.allCases)
    func `a note of twenty lines is read from the delivery note's own print`(
        template: String,
        damage: Damage
    ) throws {
        let text = try Self.textOfNote.get()
        let note = try LabelBench.note(lines: 20, description: "")
        let pages = try LabelBench.template(template).pages(
            .note(note, supplierName: "江工轴承（苏州）有限公司", codes: [text]),
            language: "zh-CN"
        )
        let dots = try LabelBench.client.dots(of: pages, resolution: 203)
        var dice = SeededDice(seed: seedBase)
        let pictures = dots.map { Self.print($0, damage, &dice) }
        #expect(try LabelBench.texts(in: pictures) == [text], "\(damage), seed \(seedBase)")
        guard
            case .signedNote = try CodeParser(compressor: DeflateCompressor(format: .raw, level: 9))
                .meaning(of: text)
        else {
            Issue.record("it is no note any more")
            return
        }
    }

    @Test func `a note that a print has spoiled is not read as another`() throws {
        let text = try Self.textOfNote.get()
        let dots = try Self.field(text)
        var dice = SeededDice(seed: seedBase)
        var rows = dots.rows
        for index in rows.indices where index % 3 == 0 {
            rows[index] = UInt8.random(in: 0...255, using: &dice)
        }
        let spoiled = try #require(DotPicture(width: dots.width, height: dots.height, rows: rows))
        #expect(try LabelBench.texts(in: [LabelBench.pgm(spoiled)]).subtracting([text]).isEmpty)
        #expect(try LabelBench.texts(in: [LabelBench.pgm(spoiled)]).isEmpty)
    }

    // MARK: - Printing

    /// A picture (PGM) of the dots, one pixel a dot.
    private static func print(
        _ dots: DotPicture,
        _ damage: Damage,
        _ dice: inout SeededDice
    ) -> [UInt8] {
        var black = (0..<dots.height).map { y in (0..<dots.width).map { dots.isBlack($0, y) } }
        if damage == .specks {
            for y in black.indices {
                for x in black[y].indices where Int.random(in: 0..<100, using: &dice) < 3 {
                    black[y][x].toggle()
                }
            }
        }
        var grey = black.map { row in row.map { $0 ? 25.0 : 235.0 } }
        switch damage {
        case .none, .specks: break
        case .blur: grey = blurred(grey, share: 0.12)
        case .fat:
            grey = blurred(grey, share: 0.11).map { $0.map { $0 < 200 ? max(25, $0 - 60) : $0 } }
        case .thin:
            grey = blurred(grey, share: 0.11).map { $0.map { $0 > 70 ? min(235, $0 + 45) : $0 } }
        case .worn: grey = blurred(grey, share: 0.1)
        }
        if damage == .thin || damage == .worn {
            for y in grey.indices {
                for x in grey[y].indices {
                    let light = damage == .worn ? 0.6 + 0.4 * Double(x) / Double(dots.width) : 1
                    let noise = Double(Int.random(in: -18...18, using: &dice))
                    grey[y][x] = grey[y][x] * light + noise
                }
            }
        }
        let pixels = grey.flatMap { row in row.map { UInt8(max(0, min(255, $0))) } }
        return Array("P5\n\(dots.width) \(dots.height)\n255\n".utf8) + pixels
    }

    /// Every pixel gives this share of itself to each of its four neighbours.
    private static func blurred(_ grey: [[Double]], share: Double) -> [[Double]] {
        let (height, width) = (grey.count, grey.first?.count ?? 0)
        return (0..<height).map { y in
            (0..<width).map { x in
                let around =
                    grey[max(0, y - 1)][x] + grey[min(height - 1, y + 1)][x]
                    + grey[y][max(0, x - 1)] + grey[y][min(width - 1, x + 1)]
                return grey[y][x] * (1 - 4 * share) + around * share
            }
        }
    }
}
