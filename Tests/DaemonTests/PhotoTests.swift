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

        private struct Answer: Decodable {
            let photo: String
            let preview: String?
        }

        private static func id(_ reply: HTTPReply) throws -> String {
            try reply.decode(Answer.self).photo
        }

        /// A picture that can be decoded, of some 10 to 30 KB.
        private static func picture(_ plant: DaemonPlant, _ tag: String) throws -> [UInt8] {
            let folder = plant.path("plates")
            try plant.succeed(["plate", "make", tag, "--out", folder, "--resolution", "600"])
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            guard let name = names.first(where: { $0.contains(tag) && $0.hasSuffix(".png") }) else {
                throw PlantFailure("no plate in \(names)")
            }
            return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
        }

        private static func shown(_ place: PlantDaemon, _ path: String) throws -> HTTPReply? {
            try Wait.until(within: .seconds(60), every: .milliseconds(50)) {
                let reply = try place.get(path)
                return reply.status == 200 ? reply : nil
            }
        }

        @Test func `a small picture is made where the photo is taken, and is shown everywhere`()
            async throws
        {
            var dice = SeededDice(seed: Seeds.fresh)
            let port = try HeldPort(using: &dice).port
            try await DaemonPlant.with { plant in
                let all = try plant.startAll(["dock-1", "dock-2"], notes: 1, port: port)
                let content = try Self.picture(plant, "AIR-01")
                let reply = try all.terminals[0].post("/api/v1/photos", content)
                let answer = try reply.decode(Answer.self)
                let preview = try #require(answer.preview)
                let path = "/api/v1/photos/\(answer.photo)"
                let small = try all.terminals[0].get(path + "?preview")
                #expect(small.headers["content-type"] == "image/jpeg")
                #expect(small.body.count <= 30_000)
                #expect(ContentHash(of: small.body).bytes.hexadecimal == preview)
                #expect(try Self.shown(all.hub, path)?.body == content)
                #expect(try Self.shown(all.hub, path + "?preview")?.body == small.body)
                // Whoever wants the small picture only gets it, and not the photo.
                let other = all.terminals[1]
                #expect(try Self.shown(other, path + "?preview")?.body == small.body)
                let files = FileManager.default.enumerator(atPath: other.folder + "/blobs")
                let blobs = files?.compactMap { $0 as? String }.filter { $0.hasSuffix(".blob") }
                #expect(blobs?.count == 1 && blobs?.first?.contains(preview) == true)
                #expect(try Self.shown(other, path)?.body == content)
                // The same photo again is the same photo.
                let again = try all.terminals[0].post("/api/v1/photos", content)
                #expect(again.body == reply.body)
            }
        }

        @Test func `a photo that cannot be decoded is kept and sent without a small picture`()
            async throws
        {
            var dice = SeededDice(seed: Seeds.fresh)
            let port = try HeldPort(using: &dice).port
            try await DaemonPlant.with { plant in
                let all = try plant.startAll(["dock-1"], notes: 1, port: port)
                let content = Array(try Self.picture(plant, "AIR-01").dropLast(400))
                let answer = try all.terminals[0].post("/api/v1/photos", content)
                    .decode(Answer.self)
                #expect(answer.preview == nil)
                let path = "/api/v1/photos/\(answer.photo)"
                #expect(try Self.shown(all.hub, path)?.body == content)
                // What stands for the small picture is the photo itself.
                #expect(try all.hub.get(path + "?preview").body == content)
            }
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
                        let shown = try Wait.until(within: .seconds(60), every: .milliseconds(50)) {
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

        /// What `verify`, `backup` and `restore` say of photos.
        private struct Standing: Decodable {
            struct Photos: Decodable {
                let whole: Int
                let damaged: [String]
                let missing: [String]
            }
            let sound: Bool
            let photos: Photos
        }

        private static func post(_ content: [UInt8], at terminal: PlantDaemon) throws -> String {
            try id(try terminal.post("/api/v1/photos", content))
        }

        private static func file(_ id: String, in folder: String) -> String {
            "\(folder)/\(id.prefix(2))/\(id).blob"
        }

        @Test func `a restored hub has the photos of its backup and gets the others again`()
            async throws
        {
            var dice = SeededDice(seed: Seeds.fresh)
            let port = try HeldPort(using: &dice).port
            try await DaemonPlant.with { plant in
                let all = try plant.startAll(["dock-1"], notes: 1, port: port)
                let terminal = all.terminals[0]
                var contents = (0..<4).map { _ in Self.photo(90_000, &dice) }
                var ids = try contents.map { try Self.post($0, at: terminal) }
                for id in ids { _ = try Self.shown(all.hub, "/api/v1/photos/\(id)") }
                let file = plant.path("hub.backup")
                let told = try plant.succeed(["backup", "--data", all.hub.folder, "--out", file])
                #expect(told.output.contains("4 photo files, 4 of them new"), "\(told.output)")
                // Taken after the backup, and one of the backup's is damaged, another gone.
                contents.append(Self.photo(90_000, &dice))
                ids.append(try Self.post(contents[4], at: terminal))
                _ = try Self.shown(all.hub, "/api/v1/photos/\(ids[4])")
                all.hub.program.kill()
                var damaged = contents[1]
                damaged[50_000] ^= 1
                let victim = Self.file(ids[1], in: file + ".blobs")
                try Data(damaged).write(to: URL(fileURLWithPath: victim), options: .atomic)
                try FileManager.default.removeItem(
                    atPath: Self.file(ids[2], in: file + ".blobs")
                )

                let old = all.hub.folder
                try FileManager.default.moveItem(atPath: old, toPath: old + ".lost")
                let restored = try plant.run("restore", file, "--data", old)
                #expect(restored.end == .exit(1))
                #expect(restored.output.contains("photo \(ids[1]) is damaged"))
                #expect(restored.output.contains("photo \(ids[2]) is missing"))
                let before = try plant.run("verify", "--data", old, "--json")
                    .decode(Standing.self)
                #expect(before.sound && before.photos.whole == 2)

                let hub = try plant.startHub(port: port)
                for (id, content) in zip(ids, contents) {
                    let shown = try Self.shown(hub, "/api/v1/photos/\(id)")
                    #expect(shown?.body == content, "\(id)")
                }
                try plant.settle(hub, [terminal])
                try FileManager.default.removeItem(atPath: Self.file(ids[0], in: old + "/blobs"))
                let after = try plant.run("verify", "--data", old, "--json").decode(Standing.self)
                #expect(!after.sound && after.photos.whole == 4)
                #expect(after.photos.missing == [ids[0]] && after.photos.damaged == [])
            }
        }
    }
}
