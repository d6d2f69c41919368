import Foundation
import Testing

extension DaemonSuites {
    /// A form from its draft to the terminals and back, with the real programs.
    @Suite struct FormCommandTests {
        private struct Saved: Decodable { let entity: String }
        private struct Problem: Decodable { let code: String }
        private struct Standing: Decodable {
            let code: String
            let version: Int?
            let versions: [Int]
            let draftVersion: Int?
            let draft: String
        }

        private func run(
            _ command: String,
            _ fields: [String: Any],
            at terminal: PlantDaemon
        ) throws -> HTTPReply {
            let body: [String: Any] = ["worker": "W001", "command": [command: fields]]
            return try terminal.post(
                "/api/v1/commands",
                Array(try JSONSerialization.data(withJSONObject: body))
            )
        }

        private func begin(at terminal: PlantDaemon) throws -> String {
            let machine: [String: Any] = ["equipment": "FLT-01", "plateScanned": true]
            return try run("beginInspection", machine, at: terminal).decode(Saved.self).entity
        }

        private func answer(
            _ question: String,
            _ text: String,
            in inspection: String,
            at terminal: PlantDaemon
        ) throws -> String {
            let reply = try run(
                "answerCheck",
                ["inspection": inspection, "question": question, "answer": text],
                at: terminal
            )
            return reply.status == 200 ? "" : try reply.decode(Problem.self).code
        }

        private func standing(_ files: [String], _ plant: DaemonPlant) throws -> [Standing] {
            let list = ["form", "list"] + files + ["--json", "--data", plant.path("hub")]
            return try plant.succeed(list).output.split(separator: "\n").map { line in
                try JSONDecoder().decode(Standing.self, from: Data(line.utf8))
            }
        }

        /// The forklift's form with another version and a question more.
        private func forklift(version: Int, _ more: String = "") throws -> String {
            try String(
                contentsOfFile: Programs.template("Inspection/forklift.yaml"),
                encoding: .utf8
            )
            .replacing("version: 1", with: "version: \(version)") + more
        }

        private static let bell = """
              - name: bell
                type: scan
                label: {en: Code on the bell, zh-CN: 铃上的码}
                constraint: "regex(., 'BELL-[0-9]+')"

            """

        @Test func `form check tells each fault with its line`() async throws {
            try await DaemonPlant.with { plant in
                let good = try plant.write("good.yaml", try forklift(version: 2))
                let text = try forklift(version: 2)
                    .replacing("type: decimal", with: "type: decimel")
                    .replacing(
                        "relevant: \"${drive} = 'electric'\"",
                        with: "relevant: \"${motor}\""
                    )
                let bad = try plant.write("bad.yaml", text)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                func line(_ part: String) throws -> Int {
                    try #require(lines.firstIndex { $0.contains(part) }) + 1
                }
                let broken = try plant.write("broken.yaml", "code: x\nquestions: [\n")
                let outcome = try plant.run(
                    "form",
                    "check",
                    good,
                    bad,
                    broken,
                    plant.path("no.yaml")
                )
                #expect(outcome.end == .exit(1))
                let told = outcome.output.split(separator: "\n").map(String.init)
                #expect(told.contains("\(good): good\tforklift\t2"))
                #expect(told.filter { $0.hasPrefix(bad) }.count == 2, "\(told)")
                for part in ["decimel", "${motor}"] {
                    let prefix = "\(bad):\(try line(part)): "
                    #expect(told.contains { $0.hasPrefix(prefix) }, "\(prefix) in \(told)")
                }
                #expect(told.contains { $0.hasPrefix(broken) })
                #expect(told.contains { $0.hasPrefix(plant.path("no.yaml")) })
                let all = ["lathe", "milling_machine", "press", "pump"]
                    .map { Programs.template("Inspection/\($0).yaml") }
                try plant.succeed(["form", "check"] + all)
            }
        }

        @Test func `a draft is published and rolled back while the plant runs`() async throws {
            try await DaemonPlant.with { plant in
                let (hub, terminals) = try plant.startAll(["dock"])
                let terminal = terminals[0]
                let data = ["--data", plant.path("hub")]
                let open = try begin(at: terminal)

                // A changed file is a draft, and changes nothing yet.
                let draft = try plant.write("forklift.yaml", try forklift(version: 2, Self.bell))
                let before = try #require(try standing([draft], plant).first)
                #expect(before.version == 1 && before.draftVersion == 2 && before.draft == "draft")
                let published = try plant.succeed(["form", "publish", draft] + data).output
                #expect(published.hasPrefix("published\tforklift\t2\t"))
                try plant.settle(hub, terminals)
                #expect(try standing([draft], plant).first?.draft == "published")

                // The record that was under way goes on by the version that it was begun with.
                #expect(
                    try answer("bell", "BELL-7", in: open, at: terminal) == "forms.question_unknown"
                )
                #expect(try answer("service_brake", "yes", in: open, at: terminal) == "")
                let next = try begin(at: terminal)
                #expect(
                    try answer("bell", "7", in: next, at: terminal)
                        == "forms.answer_against_constraint"
                )
                #expect(try answer("bell", "BELL-7", in: next, at: terminal) == "")

                // The same version with another content is refused, and nothing changes.
                let other = try plant.write("other.yaml", try forklift(version: 2))
                #expect(try standing([other], plant).first?.draft == "version_taken")
                let refused = try plant.run(["form", "publish", other] + data)
                #expect(refused.end == .exit(1))
                #expect(!refused.complaint.isEmpty)

                let back = try plant.succeed(["form", "rollback", "forklift"] + data).output
                #expect(back.hasPrefix("published\tforklift\t3\t"))
                try plant.settle(hub, terminals)
                let after = try #require(try standing([draft], plant).first)
                #expect(after.versions == [3, 2, 1] && after.draft == "older")
                let last = try begin(at: terminal)
                #expect(
                    try answer("bell", "BELL-7", in: last, at: terminal) == "forms.question_unknown"
                )
                #expect(try answer("bell", "BELL-8", in: next, at: terminal) == "")
                let unknown = try plant.run(["form", "rollback", "forklift", "--to", "9"] + data)
                #expect(unknown.end == .exit(1))
                let nothing = try plant.run(["form", "rollback", "hovercraft"] + data)
                #expect(nothing.end == .exit(1))
            }
        }
    }
}
