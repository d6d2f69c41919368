import Agent
import Codes
import Foundation
import Hub
import Sync
import Tally
import Testing

import Web

@Suite struct StringTableTests {
    /// Folders of texts that are gone after the test.
    private func withFolders(
        _ contents: [[String: String]],
        _ body: (TemplateFolder) throws -> Void
    ) throws {
        let root = FileManager.default.temporaryDirectory
            .appending(path: "tallyman-strings-\(UUID().uuidString)")
        defer {
            do { try FileManager.default.removeItem(at: root) } catch { Issue.record(error) }
        }
        var folders: [URL] = []
        for (index, files) in contents.enumerated() {
            let folder = root.appending(path: "\(index)")
            for (path, text) in files {
                let file = folder.appending(path: path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(text.utf8).write(to: file)
            }
            folders.append(folder)
        }
        try body(try TemplateFolder(folders: folders))
    }

    private let both = [
        "Strings/zh-CN.yaml": "kiosk:\n  hello: \"{name}，您好\"\nproblem:\n  a.b: \"坏了\"\n",
        "Strings/en.yaml": "kiosk:\n  hello: \"Hello, {name}\"\nproblem:\n  a.b: \"Broken\"\n",
    ]

    @Test func `texts are found by key and filled in once`() throws {
        try withFolders([both]) { folder in
            let table = try StringTable(folder)
            #expect(table.text("kiosk.hello", .chinese, ["name": "王芳"]) == "王芳，您好")
            #expect(table.text("kiosk.hello", .english, ["name": "{name}"]) == "Hello, {name}")
            #expect(table.text("kiosk.hello", .english) == "Hello, {name}")
            #expect(table.text("problem.a.b", .english) == "Broken")
            #expect(table.text("kiosk.gone", .english) == "kiosk.gone")
            #expect(table.text("nothing", .english) == "nothing")
        }
    }

    @Test func `a plant's own file goes before the one that came with the program`() throws {
        let own = ["Strings/en.yaml": "kiosk:\n  hello: \"Ahoy, {name}\"\n"]
        try withFolders([own, both]) { folder in
            let table = try StringTable(folder)
            #expect(table.text("kiosk.hello", .english, ["name": "Li"]) == "Ahoy, Li")
            #expect(table.text("kiosk.hello", .chinese, ["name": "Li"]) == "Li，您好")
            #expect(folder.paths(in: "Strings", ending: ".yaml").count == 2)
        }
    }

    @Test(arguments: ["kiosk: [", "- a\n", "kiosk: text\n", "kiosk:\n  a: [1]\n"])
    func `a broken table is named`(text: String) throws {
        var files = both
        files["Strings/en.yaml"] = text
        try withFolders([files]) { folder in
            #expect {
                _ = try StringTable(folder)
            } throws: { error in
                guard case .malformed("Strings/en.yaml", _)? = error as? TemplateError else {
                    return false
                }
                return true
            }
        }
    }

    @Test func `a table that is not there is named with where it was looked for`() throws {
        try withFolders([["Strings/en.yaml": "kiosk:\n  a: \"b\"\n"]]) { folder in
            #expect(
                throws: TemplateError.missing(
                    "Strings/zh-CN.yaml",
                    folders: folder.folders.map(\.path)
                )
            ) { _ = try StringTable(folder) }
        }
    }

    @Test func `whatever a person can record has a word`() throws {
        let table = try StringTable(try Browser.templates())
        let all = PlantVocabulary.all
        let moves = all.lifecycles.values.flatMap { $0.moves.map(\.name) }
        let types = all.facts.union(all.fields).union(moves)
        #expect(types.count > 30)
        for language in CommandCode.Language.allCases {
            for type in types.sorted() {
                #expect(table.find("record_type.\(type)", language) != nil, "\(type)")
            }
            for kind in all.lifecycles.keys {
                #expect(table.find("record_kind.\(kind)", language) != nil, "\(kind)")
            }
            for verdict in Verdict.allCases {
                #expect(table.find("record_verdict.\(verdict)", language) != nil, "\(verdict)")
            }
        }
    }

    @Test func `facts come in the reader's words, and what people wrote stays`() throws {
        let table = try StringTable(try Browser.templates())
        let words = KioskWords(
            table: table,
            language: .english,
            zone: .gmt,
            now: Moment(milliseconds: 1_795_248_000_000)
        )
        let refusal = words.feedback(
            .init(
                .wrong,
                "problem.agent.unexpected_scan",
                ["read": "H88", "expected": "kiosk.expects_home"]
            )
        )
        #expect(refusal.contains("'H88'"))
        #expect(refusal.contains(table.text("kiosk.expects_home", .english)))
        let bad = words.feedback(
            .init(
                .attention,
                "kiosk.answered_bad",
                ["answer": "0.31 MPA", "limits": "0.4 … 0.8 MPA"]
            )
        )
        #expect(bad == "Bad: 0.31 MPa, should be 0.4 … 0.8 MPa")
        let again = words.feedback(
            .init(
                .again,
                "problem.receiving.carton_seen_again",
                ["carton": "1", "worker": "W1", "time": "2026-11-21T08:00:00.000Z"]
            ),
            KioskWords.Known(people: ["W1": "王芳"])
        )
        #expect(again.contains("王芳 at 08:00"))
    }
}
