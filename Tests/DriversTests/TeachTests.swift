import Drivers
import Foundation
import Imaging
import Tally
import Testing

/// A scanner with settings: what it makes of a code.
private struct Scanner {
    var prefix = ""
    var aim = ""
    var suffix = "\r"
    /// What it sends for GS.
    var separator = "\u{1D}"
    var letters: (String) -> String = { $0 }
    var chinese: String.Encoding? = .utf8
    /// Nil: a serial one.
    var keyboard: KeyboardLayout?

    static let gb18030 = String.Encoding(rawValue: 0x8000_0632)

    func wrapped(_ content: String) -> String {
        let data = letters(content.replacing("\u{1D}", with: separator))
        return prefix + aim + data + suffix
    }

    func bytes(_ content: String) -> [UInt8] {
        guard let chinese, let data = wrapped(content).data(using: chinese) else {
            return wrapped(content).unicodeScalars.map { $0.isASCII ? UInt8($0.value) : 0x3F }
        }
        return Array(data)
    }

    /// Keys, and Alt with numbers for what the keyboard does not have.
    func keys(_ content: String, on layout: KeyboardLayout) -> [TypedKey] {
        wrapped(content).flatMap { character -> [TypedKey] in
            switch character {
            case "\r": return [.stroke(KeyStroke(code: 28))]
            case "\t": return [.stroke(KeyStroke(code: 15))]
            case "\u{1D}": return [.stroke(KeyStroke(code: 27, control: true))]
            default: break
            }
            if let key = layout.key(for: character) {
                let stroke = KeyStroke(code: key.code, shift: key.shift, alternate: key.alternate)
                let waits = Self.waiting[layout]?.contains(character) == true
                let space: [TypedKey] = waits ? [.stroke(KeyStroke(code: 57))] : []
                return [.stroke(stroke)] + space
            }
            guard let chinese, let data = String(character).data(using: chinese) else { return [] }
            return data.map { .number(Int($0), digits: 4) }
        }
    }

    private static let waiting: [KeyboardLayout: Set<Character>] = [
        .german: ["^", "´", "`"], .french: ["^", "¨"],
    ]

    func scan(_ content: String) -> RawScan {
        guard let keyboard else {
            return RawScan(raw: bytes(content), isEnded: !suffix.isEmpty)
        }
        let keys = keys(content, on: keyboard)
        return RawScan(raw: Array(wrapped(content).utf8), strokes: keys, isEnded: true)
    }
}

@Suite struct TeachTests {
    private static func lesson(_ scanner: Scanner) -> TeachLesson {
        var lesson = TeachLesson(ScanFormat())
        for code in TeachCode.all {
            #expect(lesson.take(.raw(scanner.scan(code.content))) == code.number)
        }
        return lesson
    }

    private static func names(_ lesson: TeachLesson, _ tone: TeachFinding.Tone) -> Set<String> {
        Set(lesson.findings.filter { $0.tone == tone }.map(\.name))
    }

    @Test func `a scanner as it should be is found so`() {
        let lesson = Self.lesson(Scanner(aim: "]Q1"))
        #expect(lesson.isComplete)
        #expect(Self.names(lesson, .wrong) == [])
        #expect(Self.names(lesson, .mapped) == [])
        #expect(lesson.format.aim == .on)
        #expect(lesson.format.suffix == "\r")
    }

    /// Every setting that can be undone: read by what was found, codes come as they are.
    @Test(arguments: ["\r", "\t", "", "#END\r", "\u{3}"], ["", "~", "SCAN:"])
    func `what was found reads every code as it is`(_ suffix: String, _ prefix: String) throws {
        for aim in ["", "]Q1", "]d2"] {
            for separator in ["\u{1D}", "{GS}", "^]", "|"] {
                for chinese in [String.Encoding.utf8, Scanner.gb18030] {
                    let scanner = Scanner(
                        prefix: prefix,
                        aim: aim,
                        suffix: suffix,
                        separator: separator,
                        chinese: chinese
                    )
                    let format = Self.lesson(scanner).format
                    for content in ["0106901234567892\u{1D}10AB", "收货42", "Plain-1", "x"] {
                        let reading = ScanReading(scanner.scan(content), format)
                        let kept = aim == "]d2" ? aim + content : content
                        #expect(reading.text == kept, "\(scanner) \(format)")
                    }
                }
            }
        }
    }

    @Test(arguments: KeyboardLayout.allCases)
    func `the keyboard that a scanner types for is found, and its keys are read so`(
        _ layout: KeyboardLayout
    ) throws {
        let scanner = Scanner(aim: "]C1", keyboard: layout)
        let lesson = Self.lesson(scanner)
        #expect(lesson.format.keyboard == layout, "\(lesson.findings)")
        #expect(Self.names(lesson, .wrong) == [])
        let content = "https://id.example/8004/ZY-07?q=[a]{b}@\\|#~\u{1D}收"
        var input: [UInt8] = []
        for key in scanner.keys(content, on: layout) { input += Self.events(key) }
        var stream = ScanStream(lesson.format, from: .inputEvents)
        let outputs = stream.take(input, at: 0)
        guard case .scan(let raw) = outputs.first else {
            Issue.record("no scan: \(outputs)")
            return
        }
        #expect(ScanReading(raw, lesson.format).text == "]C1" + content)
    }

    private static func events(_ key: TypedKey) -> [UInt8] {
        func tell(_ code: UInt16, _ value: Int32) -> [UInt8] { Capture.event(1, code, value) }
        switch key {
        case .stroke(let stroke):
            let held: [UInt16] =
                (stroke.shift ? [42] : []) + (stroke.control ? [29] : [])
                + (stroke.alternate ? [100] : [])
            return held.flatMap { tell($0, 1) } + tell(stroke.code, 1) + tell(stroke.code, 0)
                + held.flatMap { tell($0, 0) }
        case .number(let number, let digits):
            let places: [UInt16] = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73]
            let text = String(number)
            let padded = String(repeating: "0", count: max(0, digits - text.count)) + text
            return tell(56, 1)
                + padded.compactMap(\.wholeNumberValue).flatMap {
                    tell(places[$0], 1) + tell(places[$0], 0)
                } + tell(56, 0)
        }
    }

    @Test func `what cannot be undone is told as that`() {
        #expect(Self.names(Self.lesson(Scanner(separator: "")), .wrong) == ["gs_lost"])
        #expect(Self.names(Self.lesson(Scanner(separator: "X")), .wrong) == ["gs_letter"])
        #expect(Self.names(Self.lesson(Scanner(chinese: nil)), .wrong) == ["chinese_lost"])
        let upper = Self.names(Self.lesson(Scanner(letters: { $0.uppercased() })), .wrong)
        #expect(upper.contains("case_upper"))
        let lower = Self.names(Self.lesson(Scanner(letters: { $0.lowercased() })), .wrong)
        #expect(lower.contains("case_lower"))
    }

    @Test func `capital and small letters that are swapped are swapped back`() {
        let scanner = Scanner(letters: { text in
            String(
                text.map { letter in
                    Character(letter.isUppercase ? letter.lowercased() : letter.uppercased())
                }
            )
        })
        let lesson = Self.lesson(scanner)
        #expect(lesson.format.isCaseSwapped)
        #expect(ScanReading(scanner.scan("TM:E:Cnc-07"), lesson.format).text == "TM:E:Cnc-07")
    }

    @Test func `a scanner without a suffix is found while it is read as if it had one`() {
        let scanner = Scanner(suffix: "")
        var stream = ScanStream(ScanFormat(), from: .bytes)
        var lesson = TeachLesson(ScanFormat())
        for (index, code) in TeachCode.all.enumerated() {
            let now = UInt64(index) * 5000
            var outputs = stream.take(scanner.bytes(code.content), at: now)
            outputs += stream.pause(at: now + 1500)
            for case .scan(let raw) in outputs { lesson.take(.raw(raw)) }
        }
        #expect(lesson.isComplete)
        #expect(lesson.format.suffix == "")
        #expect(Self.names(lesson, .mapped).contains("suffix_none"))
    }

    @Test func `what is no teach code is shown with its control characters`() {
        var lesson = TeachLesson(ScanFormat())
        #expect(lesson.take(.raw(RawScan(raw: Array("A\u{1D}B\r".utf8), isEnded: true))) == nil)
        #expect(lesson.stranger == "A<GS>B")
        #expect(lesson.seen.isEmpty)
        for bytes in [[UInt8](), [0xFF, 0xFE], Array(repeating: 0x41, count: 5000)] {
            #expect(lesson.take(.raw(RawScan(raw: bytes, isEnded: true))) == nil)
        }
    }

    /// A browser on a US keyboard and a scanner that types for a German one.
    @Test func `keys of a page are read as typed, or by their places`() throws {
        func input(_ content: String, scanner: Scanner, typed layout: KeyboardLayout) -> TeachInput
        {
            .page(
                scanner.keys(content, on: layout).map { key in
                    guard case .stroke(let stroke) = key else {
                        return PageKey(text: "", stroke: key)
                    }
                    let character = KeyboardLayout.us.character(
                        stroke.code,
                        shift: stroke.shift,
                        alternate: stroke.alternate
                    )
                    let text = PageKeys.text(of: character.map(String.init) ?? "Enter", stroke)
                    return PageKey(text: stroke.code == 28 ? "\r" : text, stroke: key)
                }
            )
        }
        var plain = TeachLesson(ScanFormat())
        var german = TeachLesson(ScanFormat())
        for code in [TeachCode.letters, .separator, .marks] {
            #expect(plain.take(input(code.content, scanner: Scanner(), typed: .us)) == code.number)
            german.take(input(code.content, scanner: Scanner(), typed: .german))
        }
        #expect(!plain.isByPlace)
        #expect(Self.names(plain, .wrong) == [])
        #expect(german.isByPlace)
        #expect(german.format.keyboard == .german)
        #expect(german.seen == [1, 2, 3])
        #expect(PageKeys.table(of: .german)["KeyY"] == ["z", "Z", ""])
    }

    @Test func `the sheet has every code, readable`() throws {
        let sheet = TeachSheet(client: WorkerFixture.reader())
        let page = try sheet.page(title: ["A & B"], captions: [1: ["one", "一"]])
        #expect(page.contains("A &amp; B") && page.contains(">一<"))
        #expect(page.components(separatedBy: "<path ").count == TeachCode.all.count + 1)
        for code in TeachCode.all {
            #expect(try sheet.code(code.number) != nil)
            let (side, gray) = try WorkerFixture.code(code.content)
            let file = Array("P5\n\(side) \(side)\n255\n".utf8) + gray
            let reading = try WorkerFixture.reader().read(picture: file)
            #expect(reading.symbols.map(\.text.text) == [code.content])
        }
        #expect(try sheet.code(9) == nil)
    }
}
