import Codes
import Foundation
import Tally
import Testing

@Suite struct NotePartTests {
    private let parser = CodeParser(compressor: Fixture.compressor)

    private func note(lines: Int) throws -> String {
        var content = try Fixture.content(lines: lines)
        for index in content.lines.indices {
            content.lines[index].serials = []
            content.lines[index].cartons = []
            content.lines[index].description = ""
        }
        return try Fixture.text(content)
    }

    private func long() throws -> String {
        var content = try Fixture.content(lines: 40)
        var dice = SeededDice(seed: 9)
        for index in content.lines.indices {
            content.lines[index].serials = [Identifier.random(&dice).description]
        }
        return try Fixture.text(content)
    }

    private func part(_ text: String) throws -> NotePart {
        guard case .notePart(let part) = try parser.meaning(of: text) else {
            Issue.record("no part: \(text)")
            throw NoteRefusal.notANote
        }
        return part
    }

    @Test func `a short note stays one symbol`() throws {
        let text = try Fixture.text()
        #expect(try NotePart.texts(of: text) == [text])
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `parts make the note in any order, and nothing before`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let note = try long()
        var texts = try NotePart.texts(of: note)
        #expect(texts.count > 2)
        #expect(texts.allSatisfy { $0.count <= NotePart.charactersMax })
        texts.shuffle(using: &dice)
        var parts = NoteParts(try part(texts[0]))
        for (index, text) in texts.enumerated() {
            #expect(try parts.whole() == nil)
            try parts.add(part(text + "\r\n"))
            try parts.add(part(texts[Int.random(in: 0...index, using: &dice)]))
            #expect(parts.haveCount == index + 1)
        }
        #expect(try parts.whole() == note)
        let opened = try SignedNote.open(
            note,
            keys: [Fixture.key()],
            now: nil,
            compressor: Fixture.compressor
        )
        #expect(opened.content.lines.count == 40)
    }

    @Test func `a part alone is never a note`() throws {
        for text in try NotePart.texts(of: long()) {
            #expect(throws: NoteRefusal.notANote) {
                try SignedNote.open(
                    text,
                    keys: [Fixture.key()],
                    now: nil,
                    compressor: Fixture.compressor
                )
            }
        }
    }

    @Test func `a note that needs more than twelve parts is refused`() throws {
        let text = String(repeating: "A", count: 9_313)
        #expect(throws: NoteRefusal.tooLong(characters: 9_313, charactersMax: 9_312)) {
            try NotePart.texts(of: text)
        }
        #expect(try NotePart.texts(of: String(text.dropLast())).count == 12)
    }

    @Test func `a part of another note is not taken`() throws {
        let texts = try NotePart.texts(of: long())
        let others = try NotePart.texts(of: String(long().reversed()))
        var parts = NoteParts(try part(texts[0]))
        #expect(throws: NoteRefusal.self) { try parts.add(part(others[1])) }
    }

    /// Each alteration is refused as a part, or makes no note: the check is for misreading, and the
    /// signature for everything else.
    @Test(arguments: [1, 2] as [UInt64])
    func `no altered part makes a note`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let texts = try NotePart.texts(of: long())
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".utf8)
        var accepted = 0
        for _ in 0..<1_000 {
            let index = Int.random(in: texts.indices, using: &dice)
            var bytes = Array(texts[index].utf8)
            let place = Int.random(in: bytes.indices, using: &dice)
            switch Int.random(in: 0..<3, using: &dice) {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(alphabet[Int.random(in: 0..<45, using: &dice)], at: place)
            default: bytes[place] = alphabet[Int.random(in: 0..<45, using: &dice)]
            }
            guard bytes != Array(texts[index].utf8) else { continue }
            do {
                if case .notePart = try parser.meaning(of: String(decoding: bytes, as: UTF8.self)) {
                    accepted += 1
                }
            } catch {
                continue
            }
        }
        #expect(accepted == 0, "seed \(seed)")
    }

    /// The characters that a symbol of each version holds at level M, in alphanumeric mode
    /// (ISO/IEC 18004, table 7).
    private static let capacities = [
        20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816, 909,
        970,
    ]

    /// The table in the room's README says what notes are today.
    @Test(arguments: [1, 5, 20, 60])
    func `the README tells the size of a note's symbols`(lines: Int) throws {
        let texts = try NotePart.texts(of: note(lines: lines))
        let longest = texts.map(\.count).max() ?? 0
        let version = try #require(Self.capacities.firstIndex { $0 >= longest }) + 1
        let modules = 17 + 4 * version
        // Four dots a module, four modules of quiet zone, 203 dots to 25.4 mm.
        let tenths = ((modules + 8) * 4 * 254 + 101) / 203
        let row = "| \(lines) | \(texts.count) | \(longest) | \(version) | \(modules) | "
        let size = "\(tenths / 10).\(tenths % 10) mm |"
        let readme = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Codes/README.md").standardized
        let text = try String(contentsOf: readme, encoding: .utf8)
        #expect(text.contains(row + size), "wanted: \(row + size)")
        #expect(tenths <= 500)
    }
}
