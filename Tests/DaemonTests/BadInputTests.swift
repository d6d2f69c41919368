import Foundation
import Testing

extension DaemonSuites {
    /// Bad input through the real commands: a clear error that names the thing, and nothing
    /// changed.
    @Suite struct BadInputTests {
        private struct NoteAnswer: Decodable {
            struct Note: Decodable { let number: String }

            let note: Note?
            let error: String?
            let reason: String?
        }

        private struct CodeAnswer: Decodable {
            struct Symbol: Decodable { let text: String }

            let symbols: [Symbol]
            let error: String?
        }

        private struct ImportAnswer: Decodable {
            struct Refused: Decodable {
                let line: Int
                let reason: String
            }

            let new: Int
            let unchanged: Int
            let refused: [Refused]
        }

        // MARK: - Codes

        @Test func `a note that was altered or forged is refused with the reason`() async throws {
            try await DaemonPlant.with { plant in
                let json = Programs.template("Sample/note.json")
                let ours = plant.path("ours")
                let theirs = plant.path("theirs")
                let genuine = plant.path("true.png")
                let forged = plant.path("forged.png")
                try plant.succeed(["note", "make", json, "--data", ours, "--out", genuine])
                try plant.succeed(["note", "make", json, "--data", theirs, "--out", forged])

                let good = try plant.run("note", "verify", genuine, "--data", ours)
                #expect(good.end == .exit(0), "\(good.errors)")
                #expect(try good.decode(NoteAnswer.self).note?.number == "DN-2026-0815")

                try expectNote(forged, isRefusedAs: "codes.note_key_unknown", plant, ours)
                let read = try plant.succeed(["code", "read", genuine, "--json"])
                let text = try #require(try read.decode(CodeAnswer.self).symbols.first?.text)
                // Another character of the text's alphabet, in the middle of the content.
                var altered = Array(text)
                let place = altered.count / 2
                altered[place] = altered[place] == "A" ? "B" : "A"
                let picture = plant.path("altered.png")
                try plant.succeed(["code", "make", String(altered), "--out", picture])
                try expectNote(picture, isRefusedAs: "codes.note_", plant, ours)
                let stranger = plant.path("stranger.png")
                try plant.succeed(["code", "make", "https://example.com/x", "--out", stranger])
                try expectNote(stranger, isRefusedAs: "codes.", plant, ours)
            }
        }

        private func expectNote(
            _ picture: String,
            isRefusedAs code: String,
            _ plant: DaemonPlant,
            _ data: String
        ) throws {
            let outcome = try plant.run("note", "verify", picture, "--data", data)
            #expect(outcome.end == .exit(1))
            let answer = try outcome.decode(NoteAnswer.self)
            #expect(answer.note == nil)
            #expect(answer.error?.hasPrefix(code) == true, "\(outcome.output)")
            #expect(outcome.errors.contains(picture), "\(outcome.errors)")
        }

        @Test func `a mistyped folder is named, and no hub is made there`() async throws {
            try await DaemonPlant.with { plant in
                let folder = plant.path("mistyped")
                for command in [["orders"], ["enroll", "--site", "SZ1", "--name", "dock"]] {
                    let outcome = try plant.run(["hub"] + command + ["--data", folder])
                    #expect(outcome.end == .exit(1))
                    #expect(outcome.errors.contains(folder), "\(outcome.errors)")
                }
                #expect(!FileManager.default.fileExists(atPath: folder))
            }
        }

        @Test func `half a picture is refused by name`() async throws {
            try await DaemonPlant.with { plant in
                let whole = plant.path("whole.png")
                try plant.succeed(["code", "make", "half of this", "--out", whole])
                let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: whole)))
                let half = try plant.write("half.png", Array(bytes.prefix(bytes.count / 2)))
                let text = try plant.write("text.png", "this is no picture")
                let empty = try plant.write("empty.png", [])
                for file in [half, text, empty, plant.path("nothing.png")] {
                    let outcome = try plant.run("code", "read", file)
                    #expect(outcome.end == .exit(1))
                    #expect(outcome.errors.contains(file), "\(outcome.errors)")
                    let answer = try? outcome.decode(CodeAnswer.self)  // none for no file
                    #expect(answer?.symbols.isEmpty ?? true)
                }
                let answer = try plant.run("code", "read", half).decode(CodeAnswer.self)
                #expect(answer.error?.contains("imaging.") == true)
                // One bad picture does not keep the good one from being read.
                let both = try plant.run("code", "read", half, whole)
                #expect(both.end == .exit(1))
                #expect(both.output.contains("half of this"))
            }
        }

        // MARK: - Master data

        @Test func `a broken line is named and the other rows are taken`() async throws {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let hub = plant.path("hub")
                let rows = """
                    badge,name,roles,team
                    W101,孙丽 Sun Li,clerk,warehouse
                    W102,Nobody,wizard,warehouse
                    ,Nameless,clerk,warehouse
                    W104,何军 He Jun,crew,maintenance

                    """
                let file = try plant.write("workers.csv", rows)
                let spoken = try plant.run("hub", "import", file, "--data", hub)
                #expect(spoken.end == .exit(1))
                #expect(spoken.output.contains("line 3") && spoken.output.contains("wizard"))
                #expect(spoken.output.contains("line 4") && spoken.output.contains("badge"))
                let before = try plant.verify("hub")
                let again = try plant.run("hub", "import", file, "--json", "--data", hub)
                #expect(again.end == .exit(1))
                let answer = try again.decode(ImportAnswer.self)
                #expect(answer.new == 0 && answer.unchanged == 2)
                #expect(answer.refused.map(\.line) == [3, 4])
                #expect(try plant.verify("hub").operations == before.operations)

                let open = try plant.write("workers.csv", rows + "W105,\"He never ends,clerk,x\n")
                let refused = try plant.run("hub", "import", open, "--json", "--data", hub)
                #expect(refused.end == .exit(1))
                #expect(try refused.decode(ImportAnswer.self).refused.map(\.line) == [6])
                let missing = plant.path("missing.csv")
                let none = try plant.run("hub", "import", missing, "--data", hub)
                #expect(none.end == .exit(1))
                #expect(none.errors.contains(missing))
                #expect(try plant.verify("hub").operations == before.operations)
            }
        }

        @Test func `a site that is not there is refused by name`() async throws {
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let hub = plant.path("hub")
                let enroll = try plant.run(
                    ["hub", "enroll", "--site", "NOWHERE", "--name", "x", "--data", hub]
                )
                #expect(enroll.end == .exit(1))
                #expect(enroll.errors.contains("NOWHERE") && enroll.output.isEmpty)
                let why = try plant.run("why", "AO-SZ1-999999", "--data", hub)
                #expect(why.end == .exit(1))
                #expect(why.errors.contains("AO-SZ1-999999"))
                let verify = try plant.run("verify", "--data", plant.path("nothing"))
                #expect(verify.end == .exit(1))
                #expect(!FileManager.default.fileExists(atPath: plant.path("nothing")))
            }
        }

        // MARK: - The terminal's interface

        @Test func `commands that make no sense are refused and nothing is recorded`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let (_, terminals) = try plant.startAll(["dock"])
                let agent = terminals[0]
                let nobody = String(repeating: "ab", count: 16)
                func ask(_ command: String, by worker: String = "W001") -> String {
                    #"{"worker":"\#(worker)","command":{\#(command)}}"#
                }
                let inspect = #""beginInspection":{"equipment":"AIR-01","plateScanned":true}"#
                let cases: [(String, Int, String)] = [
                    ("", 400, "api.not_json"),
                    ("\u{0}\u{1}garbage", 400, "api.not_json"),
                    ("<html></html>", 400, "api.not_json"),
                    (String(ask(inspect).dropLast(9)), 400, "api.not_json"),
                    ("[]", 400, "api."),
                    (#"{"worker":"W001"}"#, 400, "api.bad_field"),
                    (ask(#""destroy":{}"#), 400, "api."),
                    (ask(#""closeReceipt":{"receipt":7}"#), 400, "api.bad_field"),
                    (ask(inspect, by: "W999"), 409, "agent.unknown_worker"),
                    (ask(inspect, by: ""), 409, "agent."),
                    (
                        ask(#""closeReceipt":{"receipt":"\#(nobody)"}"#), 409,
                        "receiving.unknown_receipt"
                    ),
                    (ask(#""closeReceipt":{"receipt":"x"}"#), 409, "agent.bad_identifier"),
                    (ask(#""openReceipt":{"note":"TMN1:ABC"}"#), 409, "codes."),
                    (ask(#""openNote":{"supplier":"NO","number":"1"}"#), 409, "receiving."),
                    (
                        ask(#""beginInspection":{"equipment":"NO","plateScanned":true}"#), 409,
                        "inspection.unknown_equipment"
                    ),
                    (
                        ask(#""raiseException":{"category":"no","equipment":"X","text":""}"#),
                        409, "agent.unknown_category"
                    ),
                ]
                struct Problem: Decodable { let code: String }
                for (body, status, code) in cases {
                    let reply = try agent.post("/api/v1/commands", Array(body.utf8))
                    #expect(reply.status == status, "\(body): \(reply.text)")
                    let problem = try reply.decode(Problem.self)
                    #expect(problem.code.hasPrefix(code), "\(body): \(reply.text)")
                }
                let long = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
                #expect(try agent.post("/api/v1/commands", long).status == 413)
                #expect(try agent.get("/nowhere").status == 404)
                #expect(try agent.status().unsynced == 0)
                agent.program.stop()
                let log = try LogReading(agent.folder)
                #expect(!log.authors.contains { !$0.isEmpty }, "\(log.authors)")
            }
        }
    }
}
