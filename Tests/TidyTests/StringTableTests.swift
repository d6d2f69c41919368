import Testing

/// Texts for people: every language has all of them, and what the code asks for is there.
@Suite struct StringTableTests {
    private static let paths = ["Templates/Strings/zh-CN.yaml", "Templates/Strings/en.yaml"]

    private func table(_ path: String) throws -> StringTable {
        let found = Repository.shared.file(path)
        let file = try #require(found, "\(path) is missing")
        return StringTable(path: path, text: file.text)
    }

    private func planted(_ text: String, path: String = "planted.yaml") -> StringTable {
        StringTable(path: path, text: text)
    }

    @Test(arguments: Self.paths)
    func `a table of strings is well formed and has no empty text`(path: String) throws {
        let table = try table(path)
        #expect(!table.entries.isEmpty)
        expectNone(table.findings)
    }

    @Test func `a broken line, an empty text and a key given twice are found`() {
        let table = planted(
            """
            # Texts of the kiosk page.
            kiosk:
              title: "Receiving {site}"
              empty: " "
              title: "Again"
              bare: text
              unclosed: "text \\"
            stray: "x"
            """
        )
        #expect(table.findings.map(\.line) == [4, 5, 6, 7, 8])
        #expect(planted("a:\n  b: \"say \\\"hi\\\"\"").entries["a.b"]?.text == "say \"hi\"")
    }

    @Test func `the languages have the same keys and fill in the same names`() throws {
        let tables = try Self.paths.map(table)
        expectNone(StringTable.differences(tables[0], tables[1]))
    }

    @Test func `a key or a placeholder that one language lacks is found`() {
        let one = planted("a:\n  b: \"{x} of {y}\"\n  c: \"1\"\n", path: "one")
        let other = planted("a:\n  b: \"{y}\"\n  d: \"1\"\n", path: "other")
        let found = StringTable.differences(one, other)
        #expect(found.map(\.path) == ["one", "one", "other"])
        #expect(found.map(\.line) == [2, 3, 3])
        let turned = planted("a:\n  b: \"{y}里的{x}\"\n  c: \"一\"\n")
        #expect(StringTable.differences(one, turned) == [])
    }

    @Test(arguments: Self.paths)
    func `every problem code has a text that its facts can fill`(path: String) throws {
        let codes = ProblemCodes(Repository.shared.swift)
        #expect(codes.uses.count > 40)
        expectNone(codes.findings(in: try table(path)))
    }

    @Test func `a code without a text, and a text that asks too much, are found`() {
        let refusal = SwiftText(
            path: "Sources/Hub/Planted.swift",
            text: """
                enum PlantedRefusal: Refusal {
                    case gs1(Fault, position: Int)
                    case other
                    var code: ProblemCode {
                        switch self {
                        case .gs1(let fault, _): ProblemCode("hub.gs1_" + fault.rawValue)
                        case .other: "hub.other"
                        }
                    }
                    var facts: [String: String] {
                        ["position": "1"]
                    }
                }
                """
        )
        let fault = SwiftText(
            path: "Sources/Hub/Fault.swift",
            text: """
                enum Fault: String {
                    case length
                    case checkDigit = "check_digit"
                    static let worst = Fault.length
                }
                """
        )
        let codes = ProblemCodes([refusal, fault])
        #expect(codes.uses.map(\.code) == ["hub.gs1_length", "hub.gs1_check_digit", "hub.other"])
        let table = planted(
            "problem:\n  hub.gs1_length: \"at {position}\"\n  hub.other: \"at {place}\"\n"
        )
        let found = codes.findings(in: table)
        #expect(found.map(\.path) == ["Sources/Hub/Planted.swift", "planted.yaml"])
        #expect(found.map(\.line) == [6, 3])
    }

    @Test func `every text that a page asks for is there`() throws {
        let table = try table(Self.paths[1])
        let pages = Repository.shared.files.filter { $0.name.hasSuffix(".mustache") }
        expectNone(pages.flatMap { PageTemplate.missingTexts(in: $0, table: table) })
        expectNone(
            Repository.shared.swift.flatMap { PageTemplate.missingTexts(in: $0, table: table) }
        )
    }

    @Test func `a text that no table has is found in a page and in code`() {
        let table = planted("kiosk:\n  title: \"Receiving\"\n")
        let page = Repository.TextFile(
            path: "planted.mustache",
            text:
                "<h1>{{text.kiosk.title}}</h1>\n{{{text.kiosk.gone}}} {{#text.kiosk.lost}}{{name}}"
        )
        expectFound(PageTemplate.missingTexts(in: page, table: table), atLines: [2, 2])
        let code = SwiftText(
            path: "Sources/Web/Planted.swift",
            text: """
                let a = strings.text("kiosk.title", .english)
                let b = strings.text("kiosk.gone", .english)
                let c = strings.text("kiosk.\\(name)", .english)
                let d = strings.text(
                    "kiosk.lost",
                """
        )
        expectFound(PageTemplate.missingTexts(in: code, table: table), atLines: [2, 5])
    }
}
