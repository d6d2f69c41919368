import Foundation
import Testing

extension DaemonSuites {
    /// Codes that suppliers print themselves, signed notes beside them and their keys, with the
    /// real programs: what is allowed, what the terminal says, and what the order comes to.
    @Suite struct SupplierCodeTests {
        private struct Meaning: Decodable {
            let meaning: String?
            let signed: Bool?
            let rule: String?
            let supplier: String?
            let number: String?
            let found: [String: String]?
            let lines: [[String: String]]?
        }

        private struct Order: Decodable {
            struct Line: Decodable {
                let material: String
                let counted: String
            }
            struct Note: Decodable {
                struct Opening: Decodable { let operation: String }
                let opening: Opening
                let holds: Bool
            }
            let number: String
            let revision: Int
            let status: String
            let supplier: String
            let note: String
            let unsigned: Bool
            let lines: [Line]
            let notes: [Note]
        }

        private struct Saved: Decodable { let entity: String }

        private static let linesCode = "JG-BEARING!GR-1|BOLT-M8X30*60"

        private func parse(_ text: String, _ plant: DaemonPlant) throws -> Meaning {
            try plant.succeed(["code", "parse", text]).decode(Meaning.self)
        }

        /// Opens a receipt by a code, as other programs do it.
        private func open(
            _ text: String,
            at terminal: PlantDaemon
        ) throws -> (status: Int, text: String) {
            let command = ["openReceipt": ["note": text]]
            return try record(command, at: terminal)
        }

        private func record(
            _ command: [String: [String: Any]],
            at terminal: PlantDaemon
        ) throws -> (status: Int, text: String) {
            let body: [String: Any] = ["worker": "W001", "command": command]
            let json = try JSONSerialization.data(withJSONObject: body)
            let reply = try terminal.post("/api/v1/commands", Array(json))
            return (reply.status, reply.text)
        }

        private func orders(_ plant: DaemonPlant) throws -> [Order] {
            let arguments = [
                "hub", "orders", "--kind", "arrival", "--json", "--data", plant.path("hub"),
            ]
            return try plant.succeed(arguments).output.split(separator: "\n").map { line in
                try JSONDecoder().decode(Order.self, from: Data(line.utf8))
            }
        }

        @Test func `code parse says which rule read a code and what it made of it`() async throws {
            try await DaemonPlant.with { plant in
                let note = try parse(Self.linesCode, plant)
                #expect(note.meaning == "supplier_note")
                #expect(note.signed == false)
                #expect(note.rule == "note-lines")
                #expect(note.supplier == "JG-BEARING" && note.number == "GR-1")
                #expect(note.lines == [["material": "BOLT-M8X30", "quantity": "60"]])
                let label = try parse("{pbn:P1,on:G1,pc:C1002,pm:GZ1608,qty:50,mc:,cc:1}", plant)
                #expect(label.meaning == "supplier_label")
                #expect(label.found?["material"] == "GZ1608")
                let rules = try plant.write(
                    "rules.yaml",
                    "rules:\n- {name: mine, carrier: note, supplier: x, form: pattern, "
                        + "pattern: 'Q(?<number>[0-9]+)'}\n"
                )
                let own = try plant.succeed(["code", "parse", "Q7", "--rules", rules])
                #expect(try own.decode(Meaning.self).rule == "mine")
                let broken = try plant.write("broken.yaml", "rules:\n- {name: mine}\n")
                let refused = try plant.run("code", "parse", "Q7", "--rules", broken)
                #expect(refused.end == .exit(1))
                #expect(refused.errors.contains("connectors.code_rules"))
            }
        }

        @Test func `an unsigned note is refused until allowed, marked, and signed later`()
            async throws
        {
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["one", "two"])
                let refused = try open(Self.linesCode, at: terminals[0])
                #expect(refused.status == 409)
                #expect(refused.text.contains("receiving.unsigned_not_taken"))
                let data = ["--data", plant.path("hub")]
                let allow = ["hub", "supplier", "unsigned", "JG-BEARING", "allow"]
                #expect(try plant.succeed(allow + data).output.contains("allowed"))
                try plant.settle(hub, terminals)

                // One terminal has the supplier's own code, the other the signed note.
                let file = try plant.write(
                    "own.json",
                    #"{"supplier":"JG-BEARING","number":"GR-1","site":"SZ1","lines":"#
                        + #"[{"line":1,"material":"BOLT-M8X30","quantity":"60"}]}"#
                )
                let opened = try open(Self.linesCode, at: terminals[0])
                #expect(opened.status == 200)
                let receipt = try JSONDecoder().decode(Saved.self, from: Data(opened.text.utf8))
                let id = String(receipt.entity.split(separator: "/").last ?? "")
                let count = ["receipt": id, "line": 1, "quantity": "60"] as [String: Any]
                #expect(try record(["countLine": count], at: terminals[0]).status == 200)
                let close = ["closeReceipt": ["receipt": id]]
                #expect(try record(close, at: terminals[0]).status == 200)
                try plant.settle(hub, terminals)
                let first = try #require(try orders(plant).first { $0.note == "GR-1" })
                #expect(first.unsigned && first.status == "released")

                let signed = try plant.succeed(["hub", "note", file] + data).output
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                let joined = try open(signed, at: terminals[1])
                #expect(joined.status == 200)
                #expect(joined.text.contains(id), "the signed note joins the same receipt")
                try plant.settle(hub, terminals)
                let all = try orders(plant).filter { $0.note == "GR-1" }
                #expect(all.map(\.number) == [first.number])
                #expect(all[0].revision > first.revision)
                #expect(!all[0].unsigned)
                for daemon in [hub] + terminals { #expect(daemon.program.stop() == .exit(0)) }
                for name in ["hub", "one", "two"] { #expect(try plant.verify(name).sound) }
            }
        }

        @Test func `a key that the hub revokes is refused at the terminal, the hub being away`()
            async throws
        {
            try await DaemonPlant.with { plant in
                struct Key: Decodable { let key: String }
                let (hub, terminals) = try plant.startAll(["one"])
                let data = ["--data", plant.path("hub")]
                let file = Programs.template("Sample/note.json")
                let old = try plant.succeed(["hub", "note", file] + data).output
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                let list = ["hub", "key", "list", "--supplier", "JG-BEARING", "--json"]
                let key = try plant.succeed(list + data).decode(Key.self).key
                try plant.succeed(["hub", "key", "rotate", "JG-BEARING"] + data)
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let next = try plant.write(
                    "next.json",
                    text.replacing("0815", with: "0816").replacing(
                        "\"issuedAt\": \"2026-11-20T06:00:00Z\",",
                        with: ""
                    )
                )
                let new = try plant.succeed(["hub", "note", next] + data).output
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                try plant.succeed(["hub", "key", "revoke", "JG-BEARING", key] + data)
                try plant.settle(hub, terminals)
                #expect(hub.program.stop() == .exit(0))
                let refused = try open(old, at: terminals[0])
                #expect(refused.status == 409)
                #expect(refused.text.contains("codes.note_key_revoked"))
                #expect(try open(new, at: terminals[0]).status == 200)
            }
        }
    }
}
