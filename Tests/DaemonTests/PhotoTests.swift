import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// Photos between real daemons.
    @Suite struct PhotoTests {
        /// A file that begins like a JPEG; nothing on this way looks inside.
        private static func photo(_ count: Int, _ dice: inout SeededDice) -> [UInt8] {
            [0xFF, 0xD8, 0xFF] + (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        }

        private static func id(_ reply: HTTPReply) throws -> String {
            struct Answer: Decodable { let photo: String }
            return try reply.decode(Answer.self).photo
        }

        @Test func `a photo reaches the hub, and another terminal shows it`() async throws {
            let seed = Seeds.fresh
            var dice = SeededDice(seed: seed)
            let contents = [Self.photo(3, &dice), Self.photo(700_000, &dice)]
            let port = try HeldPort(using: &dice).port
            try await DaemonPlant.with { plant in
                let all = try plant.startAll(["dock-1", "dock-2"], notes: 1, port: port)
                for content in contents {
                    let reply = try all.terminals[0].post("/api/v1/photos", content)
                    #expect(reply.status == 200, "seed \(seed): \(reply.text)")
                    let id = try Self.id(reply)
                    #expect(id == ContentHash(of: content).bytes.hexadecimal)
                    let path = "/api/v1/photos/\(id)"
                    for place in [all.hub, all.terminals[1]] {
                        // The second terminal asks the hub for it when somebody wants to see it.
                        let shown = try Wait.until(within: .seconds(30), every: .milliseconds(50)) {
                            let reply = try place.get(path)
                            return reply.status == 200 ? reply.body : nil
                        }
                        #expect(shown == content, "seed \(seed)")
                    }
                }
            }
        }

        @Test func `what is no photo is refused, and nothing is kept`() async throws {
            var dice = SeededDice(seed: Seeds.fresh)
            let port = try HeldPort(using: &dice).port
            try await DaemonPlant.with { plant in
                let terminal = try plant.startAll(["dock-1"], notes: 1, port: port).terminals[0]
                let text = try terminal.post("/api/v1/photos", Array("not a picture".utf8))
                #expect(text.status == 400 && text.text.contains("blob.not_a_picture"))
                let empty = try terminal.post("/api/v1/photos", [])
                #expect(empty.status == 400 && empty.text.contains("blob.empty"))
                let long = [0xFF, 0xD8, 0xFF] + [UInt8](repeating: 1, count: 16 << 20)
                let refused = try terminal.post("/api/v1/photos", long)
                #expect(refused.status == 413 && refused.text.contains("blob.too_long"))
                let unknown = String(repeating: "0", count: 64)
                #expect(try terminal.get("/api/v1/photos/\(unknown)").status == 404)
                #expect(try terminal.get("/api/v1/photos/nonsense").status == 400)
                let folders = try FileManager.default.contentsOfDirectory(
                    atPath: terminal.folder + "/blobs"
                )
                #expect(folders == [])
            }
        }
    }
}
