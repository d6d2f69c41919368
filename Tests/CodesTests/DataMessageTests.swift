import Codes
import Foundation
import Testing

@Suite struct DataMessageTests {
    private let parser = CodeParser(compressor: Fixture.compressor)

    private func pairs(_ text: String) throws -> [String] {
        guard case .dataMessage(let message) = try parser.meaning(of: text) else {
            Issue.record("no message: \(text)")
            return []
        }
        return message.fields.map { "\($0.identifier)=\($0.value)" }
    }

    @Test(arguments: [
        "[)>\u{1E}06\u{1D}P4711\u{1D}Q40\u{1D}1TL7\u{1E}\u{04}",
        "[)>\u{1E}06\u{1D}P4711\u{1D}Q40\u{1D}1TL7",
        "[)>06\u{1D}P4711\u{1D}Q40\u{1D}1TL7\u{04}",
        ">[)>06\u{1D}P4711\u{1D}Q40\u{1D}1TL7",
        "[)>\u{1E}06P4711\u{1D}Q40\u{1D}1TL7\u{1E}\u{04}\r\n",
        "[)>{RS}06{GS}P4711{GS}Q40{GS}1TL7{RS}{EOT}",
        "[)><RS>06<GS>P4711<GS>Q40<GS>1TL7<RS><EOT>",
        "[)>^^06^]P4711^]Q40^]1TL7^^^D",
        "[)>^06^P4711^Q40^1TL7",
        "[)>|06|P4711|Q40|1TL7",
        "[)>␞06␝P4711␝Q40␝1TL7␞␄",
        "[)>\\u001e06\\u001dP4711\\u001dQ40\\u001d1TL7",
        "06\u{1D}P4711\u{1D}Q40\u{1D}1TL7\u{1E}\u{04}",
        "[)>\u{1E}06\u{1D}P4711\u{1D}\u{1D}Q40\u{1D}1TL7\u{1D}\u{1E}\u{04}",
        "[)>\u{1E}06\u{1D}P4711\u{1D}Q40\u{1E}06\u{1D}1TL7\u{1E}\u{04}",
        "[)>\u{1E}07\u{1D}free text\u{1E}06\u{1D}P4711\u{1D}Q40\u{1D}1TL7\u{1E}\u{04}",
    ])
    func `known faults of labels and scanners are taken`(text: String) throws {
        #expect(try pairs(text) == ["P=4711", "Q=40", "1T=L7"])
    }

    @Test func `a blank at the end of a value is kept, one behind the label is not`() throws {
        #expect(try pairs("[)>\u{1E}06\u{1D}P4711 \u{1E}\u{04}") == ["P=4711 "])
        #expect(try pairs("[)>\u{1E}06\u{1D}P4711\u{1E}\u{04} \r\n") == ["P=4711"])
        #expect(try pairs("[)>\u{1E}06\u{1D}P4711 ") == ["P=4711"])
    }

    @Test func `formats 05 and 12 are read, beside one another`() throws {
        let text =
            "[)>\u{1E}05\u{1D}0104012345123456\u{1D}10A1\u{1D}21S\u{1E}12\u{1D}SER 99"
            + "\u{1D}MFR 1A2B3"
            + "\u{1E}\u{04}"
        #expect(
            try pairs(text) == ["01=04012345123456", "10=A1", "21=S", "SER=99", "MFR=1A2B3"]
        )
        let refusal = #expect(throws: CodeRefusal.self) {
            try pairs("[)>\u{1E}05\u{1D}0104012345123457\u{1E}\u{04}")
        }
        guard case .gs1(.badCheckDigit, let place) = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(place.position == 23)
    }

    @Test func `more than sixty identifiers have a meaning`() {
        #expect(DataIdentifier.all.count > 120)
        let wanted = [
            "P", "1P", "Q", "1T", "S", "K", "4K", "11K", "2S", "1J", "2J", "3J", "4J", "5J", "6J",
            "V", "12V", "9D", "10D", "14D", "16D", "4L", "3S", "2Q", "3Q",
        ]
        for identifier in wanted {
            #expect(DataIdentifier.named(identifier, format: "06") != nil, "\(identifier)")
        }
        #expect(DataIdentifier.named("14D", format: "06")?.form == "YYYYMMDD")
        #expect(DataIdentifier.named("1T", format: "06")?.kind == .lot)
    }

    @Test func `every identifier has a name in each language`() throws {
        let strings = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Templates/Strings").standardized
        for language in ["en", "zh-CN"] {
            let file = strings.appending(path: language + ".yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
            for known in DataIdentifier.all {
                let key = "\n  " + known.textKey.dropFirst("data.".count) + ": "
                #expect(text.contains(key), "\(language) \(known.identifier)")
            }
        }
    }

    /// Examples of a parser of others; the last one is refused, and shows what was read of it.
    @Test func `the examples of another parser give the same values`() throws {
        guard let vectors = try Vectors("gs1/mh10_iso15434_examples.csv") else { return }
        #expect(vectors.rows.count == 7)
        for row in vectors.rows {
            let text = try Vectors.unescaped(row["input"] ?? "")
            let expected = try JSONDecoder().decode(
                [String: String].self,
                from: Data((row["expected"] ?? "").utf8)
            )
            var found: [(String, String)] = []
            do {
                switch try parser.meaning(of: text) {
                case .gs1(let string): found = string.elements.map { ($0.identifier, $0.value) }
                case .dataMessage(let message):
                    found = message.fields.map { ($0.identifier, $0.value) }
                default:
                    found = try parser.gs1(text).elements.map { ($0.identifier, $0.value) }
                }
            } catch {
                guard case .gs1(.badCharacter, let place) = error else { throw error }
                #expect(place.character == "£")
                found = place.elements.map { ($0.identifier, $0.value) }
            }
            for (index, pair) in found.enumerated() {
                let name = expected["AI\(index + 1)"] ?? expected["DI\(index + 1)"]
                #expect(name == pair.0, "\(text)")
                // Of AI 8003 the other parser leaves out the 0 that fills it up.
                let value = expected["Value\(index + 1)"] ?? ""
                #expect(value == pair.1 || "0" + value == pair.1, "\(text)")
            }
            #expect(found.count == expected.count / 2, "\(text)")
        }
    }
}
