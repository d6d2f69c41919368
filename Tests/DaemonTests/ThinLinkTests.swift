import Foundation
import Tally
import Testing

extension DaemonSuites {
    /// Photos between real programs over a real link that is cut and loses answers.
    ///
    /// The link is one of 256 kbit/s made faster: a minute of it is 1.92 MB, after which it is cut,
    /// and it loses every 10th answer; what it takes less is time. `TALLYMAN_PHOTOS=500` plays
    /// as many photos over it. Fewer are played else, over a link that is cut four times as often.
    /// `TALLYMAN_LINK_BYTES=32000` takes away the haste.
    @Suite struct ThinLinkTests {
        private static let asked = number("TALLYMAN_PHOTOS")
        private static let count = asked ?? 16
        private static let plan = ThinRelay.Plan(
            bytesPerSecond: number("TALLYMAN_LINK_BYTES") ?? 32_000 * 40,
            cutBytes: asked == nil ? 480_000 : 1_920_000,
            lostEvery: 10
        )

        private static func number(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
        }

        private struct Photo {
            let id: String
            let preview: String
            let length: Int

            var path: String { "/api/v1/photos/\(id)" }
        }

        private struct Answer: Decodable {
            let photo: String
            let preview: String?
        }

        /// Takes photos at a terminal: pictures of plates, each followed by as much as makes it as
        /// long as what phones give at low quality: 20 to 240 KB, one in ten up to 920 KB.
        private static func takePhotos(
            _ plant: DaemonPlant,
            at terminal: PlantDaemon,
            _ dice: inout SeededDice
        ) throws -> [Photo] {
            let folder = plant.path("plates")
            for first in stride(from: 0, to: count, by: 20) {
                let tags = (first..<min(first + 20, count)).map { "P-\(1_000 + $0)" }
                try plant.succeed(["plate", "make", "--bare"] + tags + ["--out", folder])
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            guard names.count == count else { throw PlantFailure("\(names.count) plates") }
            return try names.enumerated().map { index, name in
                let most: UInt64 = index.isMultiple(of: 10) ? 900_000 : 220_000
                let more = 20_000 + Int(dice.next() % most)
                var content = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
                // Behind its end a decoder does not look.
                for _ in 0..<(more / 8) {
                    withUnsafeBytes(of: dice.next()) { content.append(contentsOf: $0) }
                }
                let answer = try terminal.post("/api/v1/photos", content).decode(Answer.self)
                guard let preview = answer.preview else { throw PlantFailure("no small picture") }
                let small = try terminal.get("/api/v1/photos/\(answer.photo)?preview").body
                return Photo(
                    id: answer.photo,
                    preview: preview,
                    length: content.count + small.count
                )
            }
        }

        /// Waits until a daemon has each photo, whole.
        private static func check(_ photos: [Photo], at daemon: PlantDaemon) throws {
            for photo in photos {
                let body = try Wait.until(within: .seconds(4_000), every: .milliseconds(100)) {
                    let reply = try daemon.get(photo.path)
                    return reply.status == 200 ? reply.body : nil
                }
                let content = try #require(body, "\(photo.id) never came")
                #expect(ContentHash(of: content).bytes.hexadecimal == photo.id)
            }
        }

        private static func tell(_ name: String, _ link: ThinRelay.Figures, _ total: Int) -> Double
        {
            let content = name == "up" ? link.contentUp : link.contentDown
            let twice = Double(content - total) / Double(total)
            print(
                "thin link \(name): \(count) photos, \(total) bytes, \(content) of content sent,",
                "\(String(format: "%.3f", twice * 100)) % twice;",
                "\(link.bytesUp) up and \(link.bytesDown) down in all;",
                "\(link.cuts) cuts, \(link.lost) of \(link.answers) answers lost"
            )
            return twice
        }

        @Test func `photos arrive whole over a thin link, and hardly a byte goes twice`()
            async throws
        {
            let seed = Seeds.fresh
            print("thin link: seed \(seed) (TALLYMAN_SEED)")
            var dice = SeededDice(seed: seed)
            let port = try HeldPort(using: &dice).port
            try await DaemonPlant.with { plant in
                try plant.makeHub()
                let codes = try ["dock-1", "dock-2"].map(plant.enrolmentCode)
                let hub = try plant.startHub(port: port)
                let up = try ThinRelay(to: port, Self.plan)
                let down = try ThinRelay(to: port, Self.plan)
                defer {
                    up.stop()
                    down.stop()
                }
                let dock = try plant.startAgent("dock-1", hub: up.port, code: codes[0], poll: 2_000)
                let other = try plant.startAgent(
                    "dock-2",
                    hub: down.port,
                    code: codes[1],
                    poll: 2_000
                )
                try plant.settle(hub, [dock, other])
                up.takeDown()
                let before = up.figures
                let photos = try Self.takePhotos(plant, at: dock, &dice)
                up.mend()
                try Self.check(photos, at: hub)
                let sent = up.figures
                let total = photos.reduce(0) { $0 + $1.length }
                #expect(Self.tell("up", sent, total) <= 0.03, "seed \(seed)")
                #expect(before.contentUp == 0)
                #expect(sent.cuts >= total / Self.plan.cutBytes, "seed \(seed)")
                #expect(sent.lost >= photos.count / 10, "seed \(seed)")
                // The small pictures came first.
                let previews = Set(photos.map(\.preview))
                #expect(Set(sent.order.prefix(previews.count)) == previews, "seed \(seed)")

                // And back, for somebody at the other terminal.
                let wanted = Array(photos.prefix(max(8, photos.count / 20)))
                try Self.check(wanted, at: other)
                let fetched = down.figures
                let length = wanted.reduce(0) { $0 + $1.length }
                #expect(Self.tell("down", fetched, length) <= 0.03, "seed \(seed)")
                #expect(fetched.cuts >= length / Self.plan.cutBytes && fetched.lost > 0)
            }
        }
    }
}
