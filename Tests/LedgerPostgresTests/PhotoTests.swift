import Foundation
import Hub
import LedgerPostgres
import Sync
import Tally
import Testing
import Web

extension PostgresBlobs: SharedBlobStore {}

/// Photos that several hub processes hand out.
@Suite struct PhotoTests {
    private static func content(_ seed: UInt64, _ count: Int) -> [UInt8] {
        var dice = SeededDice(seed: seed)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
    }

    @Test func `a photo that came in parts at two hubs is handed out by a third`() async throws {
        let server = try PostgresServer.common()
        let address = try DatabaseAddress(server.address(try server.makeDatabase()))
        let stores = try (0..<3).map { _ in try PostgresStore(address) }
        defer { for store in stores { store.close() } }
        let desks = try stores.map { store in try BlobDesk { PostgresBlobs(in: store) } }
        let content = Self.content(1, 700_000)
        let manifest = try BlobManifest(of: content, mediaType: "image/jpeg")
        _ = try await desks[0].run { try $0.expect(manifest) }
        var place = 0
        var turn = 0
        while place < content.count {
            let part = Array(content[place..<min(place + 60_000, content.count)])
            let from = place
            let held = try await desks[turn % 2].run {
                try $0.take(part, of: manifest.id, at: from)
            }
            #expect(held.received == place + part.count)
            place = held.received
            turn += 1
        }
        let found = try await desks[2].run { shelf in
            try shelf.read(manifest.id, at: 0, count: content.count)
        }
        #expect(found == content)
        let middle = try await desks[0].run { try $0.read(manifest.id, at: 59_990, count: 20) }
        #expect(middle == Array(content[59_990..<60_010]))
        // Damaged bytes are dropped, whichever hub looks.
        let other = try BlobManifest(of: Self.content(2, 1_000), mediaType: "image/jpeg")
        _ = try await desks[1].run { try $0.expect(other) }
        let bad = try await desks[2].run {
            try $0.take(Self.content(3, 1_000), of: other.id, at: 0)
        }
        #expect(bad.received == 0)
        await #expect(throws: BlobRefusal.incomplete(other.id)) {
            try await desks[0].run { try $0.read(other.id, at: 0, count: 1) }
        }
        await #expect(throws: BlobRefusal.unknown(ContentHash(of: [1]))) {
            try await desks[1].run { try $0.read(ContentHash(of: [1]), at: 0, count: 1) }
        }
    }
}
