import Codes
import Imaging
import Labels
import Tally
import Testing

/// Texts that would spoil a label if they could.
@Suite struct LabelTextTests {
    static let odd = [
        String(repeating: "一个非常非常长的设备名称", count: 60),
        String(repeating: "W", count: 5_000),
        "مضخة مياه رقم ٧ في المبنى الشمالي مع وصف طويل جدا",
        "משאבת מים 7 \u{202E}reversed\u{202C} end",
        "👩‍🔧🧯🚒 pump 👨‍👩‍👧‍👦 🇨🇳",
        "line\nbreak\ttab\r\u{0}\u{7}\u{1B}[31m\u{85}\u{2028}x",
        "Z" + String(repeating: "\u{0337}\u{0300}\u{0489}", count: 300) + "algo",
        "\u{FFFE}\u{E000}\u{10FFFF}\u{200B}\u{FEFF}",
        "<b>&amp;</b> {tag} ^XA^FO0,0 ~JA \u{1B}!R",
        "",
        " ",
    ]

    @Test(arguments: odd)
    func `no text breaks a label, leaves its box, or touches a code`(text: String) throws {
        let plate = try Plate(tag: "PUMP-7")
        var data = try LabelData.plate(plate, name: text)
        data.fields["tag"] = text
        let template = try LabelBench.template("plate")
        let dots = try LabelBench.client.dots(
            of: template.pages(data, language: "zh-CN"),
            resolution: 203
        )[0]
        #expect(try LabelBench.texts(in: [LabelBench.pgm(dots)]) == [try plate.text()])
        // Outside all boxes of the template the paper stays white.
        let boxes = template.elements.map(\.box)
        for y in 0..<dots.height {
            for x in 0..<dots.width where dots.isBlack(x, y) {
                let (left, top) = (x * 25_400 / 203, y * 25_400 / 203)
                let isInside = boxes.contains { box in
                    box.x - 130 <= left && left <= box.x + box.width + 130 && box.y - 130 <= top
                        && top <= box.y + box.height + 130
                }
                #expect(isInside, "ink at \(x), \(y)")
                if !isInside { return }
            }
        }
    }

    @Test func `Chinese is drawn, not boxes`() throws {
        func ink(_ text: String) throws -> DotPicture {
            let text = LabelText(
                text: text,
                box: LabelBox(x: 0, y: 0, width: 20_000, height: 20_000),
                size: 15_000,
                sizeMin: 15_000,
                linesMax: 1,
                isBold: false,
                horizontal: .start,
                vertical: .start
            )
            let sheet = LabelSheet(width: 20_000, height: 20_000, elements: [.text(text)])
            return try LabelBench.client.dots(of: [sheet], resolution: 203)[0]
        }
        let (one, other) = (try ink("泵"), try ink("阀"))
        #expect(one != other)
        #expect(one.rows.contains { $0 != 0 })
    }

    @Test func `a text of any length is set in the time of what its box can show`() throws {
        func text(_ text: String) -> LabelText {
            LabelText(
                text: text,
                box: LabelBox(x: 0, y: 0, width: 30_000, height: 6_000),
                size: 5_000,
                sizeMin: 2_000,
                linesMax: 1,
                isBold: false,
                horizontal: .start,
                vertical: .start
            )
        }
        func dots(_ text: LabelText) throws -> DotPicture {
            let sheet = LabelSheet(width: 30_000, height: 10_000, elements: [.text(text)])
            return try LabelBench.client.dots(of: [sheet], resolution: 203)[0]
        }
        let long = text(String(repeating: "H", count: 500_000))
        #expect(long.text.count < 200)
        let whole = text(String(repeating: "H", count: 140))
        #expect(whole.text.count == 140)
        #expect(try dots(long) == dots(whole), "what can be seen is the same")
        let marks = text("Z" + String(repeating: "\u{351}", count: 100_000))
        #expect(marks.text.unicodeScalars.count < 200)
        _ = try dots(marks)
    }

    @Test func `a text shrinks before it wraps, and ends in an ellipsis at last`() throws {
        func height(_ text: String) throws -> Int {
            let text = LabelText(
                text: text,
                box: LabelBox(x: 0, y: 0, width: 30_000, height: 6_000),
                size: 5_000,
                sizeMin: 2_000,
                linesMax: 1,
                isBold: false,
                horizontal: .start,
                vertical: .start
            )
            let sheet = LabelSheet(width: 30_000, height: 10_000, elements: [.text(text)])
            let dots = try LabelBench.client.dots(of: [sheet], resolution: 203)[0]
            let rows = (0..<dots.height).filter { y in
                (0..<dots.width).contains { dots.isBlack($0, y) }
            }
            return (rows.last ?? 0) - (rows.first ?? 0)
        }
        let full = try height("HHH")
        let less = try height("HHHHHHHHHHHHHHHH")
        let least = try height(String(repeating: "H", count: 400))
        #expect(full > less)
        #expect(less >= least)
        #expect(least > 8, "the smallest letters are still letters")
    }
}

/// Templates that cannot be.
@Suite struct LabelTemplateTests {
    private func refusal(_ elements: String) throws -> String? {
        let yaml = "title: { en: x }\nsize: [50, 30]\nelements:\n" + elements
        do {
            _ = try LabelBench.parsed(yaml)
            return nil
        } catch let refusal as any Refusal {
            return refusal.code.text
        }
    }

    @Test func `a part outside the label, and one over a code, are refused`() throws {
        #expect(
            try refusal("  - { text: a, at: [45, 1], size: [10, 5] }\n") == "labels.outside"
        )
        #expect(
            try refusal(
                "  - { qr: a, at: [1, 1], size: [20, 20] }\n"
                    + "  - { text: a, at: [20, 1], size: [10, 5] }\n"
            ) == "labels.overlap"
        )
    }

    @Test func `a file that is no template is refused with its line`() throws {
        #expect(
            try refusal("  - { text: a, at: [1, 1], size: [x, 5] }\n")
                == "connectors.label_template"
        )
        #expect(
            try refusal("  - { txt: a, at: [1, 1], size: [5, 5] }\n")
                == "connectors.label_template"
        )
        #expect(
            try refusal("  - { text: a, at: [1, 1], size: [5, 5], colour: red }\n")
                == "connectors.label_template"
        )
    }

    @Test func `a missing field is named, an optional one is left out`() throws {
        let template = try LabelBench.parsed(
            "title: x\nsize: [50, 30]\nelements:\n"
                + "  - { text: '{a} {b?}', at: [1, 1], size: [9, 9] }\n"
        )
        #expect(throws: LabelRefusal.missingField("a", label: "test")) {
            try template.pages(LabelData(), language: "en")
        }
        #expect(try template.pages(LabelData(["a": "1"]), language: "en").count == 1)
    }

    @Test func `a list goes on over as many pages as it needs`() throws {
        let note = try LabelBench.note(lines: 45)
        let template = try LabelBench.template("delivery_note_a4")
        let pages = try template.pages(
            .note(note, supplierName: "江工", codes: ["A", "B"]),
            language: "zh-CN"
        )
        #expect(pages.count == 3)
        #expect(try LabelBench.client.files(of: pages, as: .pdf).count == 1)
    }

    @Test func `pages come back from their bytes as they were, and garbage does not`() throws {
        for sample in try LabelBench.samples() {
            let template = try LabelBench.template(sample.template)
            let pages = try template.pages(sample.data, language: "en")
            let bytes = LabelSheet.encoded(pages)
            #expect(try LabelSheet.decoded(bytes) == pages)
            for cut in [0, 1, bytes.count / 2, bytes.count - 1] {
                #expect(throws: CanonicalError.self) {
                    try LabelSheet.decoded(Array(bytes.prefix(cut)))
                }
            }
        }
    }
}
