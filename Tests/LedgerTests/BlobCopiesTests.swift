import Foundation
import Sync
import Tally
import Testing

import Ledger

@Suite struct BlobCopiesTests {
    /// A folder with photos in it, and their names.
    private static func photos(_ count: Int, in path: String) throws -> [ContentHash] {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: attributes
        )
        let shelf = try BlobShelf(BlobFolder(path))
        return try (0..<count).map { index in
            let content = [UInt8](repeating: UInt8(index), count: 300_000 + index)
            return try shelf.add(content, mediaType: "image/jpeg").id
        }
    }

    private static func file(_ id: ContentHash, in path: String) -> String {
        let digits = id.bytes.hexadecimal
        return "\(path)/\(digits.prefix(2))/\(digits).blob"
    }

    private static func number(of file: String) throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        return (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
    }

    private static func damage(_ file: String) throws {
        var content = try Data(contentsOf: URL(fileURLWithPath: file))
        content[content.count / 2] ^= 0x10
        // Beside and renamed, so that another name of the same file is not damaged as well.
        try content.write(to: URL(fileURLWithPath: file), options: .atomic)
    }

    @Test func `only what is new is copied, and a link is not a second file`() throws {
        try Fixture.with { fixture in
            let (live, kept) = (fixture.path("blobs"), fixture.path("kept"))
            let first = try Self.photos(3, in: live)
            let one = try BlobCopies.bring(live, into: kept, by: .link)
            #expect(one.count == 3 && one.newCount == 3 && one.isSound)
            #expect(one.byteCount == 900_003)
            for id in first {
                let (here, there) = (Self.file(id, in: live), Self.file(id, in: kept))
                #expect(try Self.number(of: here) == Self.number(of: there))
            }
            let all = try Self.photos(5, in: live)
            // What was let go stays in the copy.
            try BlobShelf(BlobFolder(live)).forget(all[0])
            let two = try BlobCopies.bring(live, into: kept, by: .link)
            #expect(two.count == 4 && two.newCount == 2)
            let restored = fixture.path("restored")
            let three = try BlobCopies.bring(kept, into: restored, by: .copy)
            #expect(three.count == 5 && three.newCount == 5)
            let shelf = try BlobShelf(BlobFolder(restored))
            for (index, id) in all.enumerated() {
                let content = try shelf.read(id, at: 0, count: 400_000)
                #expect(content == [UInt8](repeating: UInt8(index), count: 300_000 + index))
                let (here, there) = (Self.file(id, in: kept), Self.file(id, in: restored))
                #expect(try Self.number(of: here) != Self.number(of: there))
            }
        }
    }

    @Test func `what is damaged or missing is named, and not copied`() throws {
        try Fixture.with { fixture in
            let (live, kept) = (fixture.path("blobs"), fixture.path("kept"))
            let photos = try Self.photos(5, in: live)
            #expect(try BlobCopies.check(live).isSound)
            try Self.damage(Self.file(photos[1], in: live))
            try FileManager.default.removeItem(atPath: Self.file(photos[2], in: live))
            truncate(Self.file(photos[3], in: live), 1_000)
            for report in [
                try BlobCopies.check(live), try BlobCopies.bring(live, into: kept, by: .link),
            ] {
                #expect(report.damaged == [photos[1]])
                #expect(report.missing == [photos[2], photos[3]])
            }
            let copied = try BlobCopies.check(kept)
            #expect(copied.count == 2 && copied.isSound)
            // The store itself does not hand out what is cut short, and takes it again.
            let manifest = try BlobManifest(
                of: [UInt8](repeating: 2, count: 300_002),
                mediaType: "image/jpeg"
            )
            let shelf = try BlobShelf(BlobFolder(live))
            #expect(throws: BlobRefusal.incomplete(photos[2])) {
                try shelf.read(photos[2], at: 0, count: 10)
            }
            #expect(try shelf.expect(manifest).received == 0)
            let content = [UInt8](repeating: 2, count: 300_002)
            #expect(try shelf.take(content, of: photos[2], at: 0).isComplete)
        }
    }

    @Test func `no photos make no folder`() throws {
        try Fixture.with { fixture in
            let report = try BlobCopies.bring(
                fixture.path("none"),
                into: fixture.path("kept"),
                by: .link
            )
            #expect(report == BlobReport())
            #expect(!FileManager.default.fileExists(atPath: fixture.path("kept")))
        }
    }
}
