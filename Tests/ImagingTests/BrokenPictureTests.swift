import Foundation
import Imaging
import Tally
import Testing

@Suite struct BrokenPictureTests {
    private let client = WorkerFixture.client()

    private func fault(_ picture: [UInt8]) throws -> PictureFault? {
        do {
            _ = try client.read(picture: picture)
            return nil
        } catch {
            guard case .refused(let fault, _) = error else { throw error }
            return fault
        }
    }

    /// What a picture holds; nil when it is refused as a picture.
    private func reading(_ picture: [UInt8]) throws -> PictureReading? {
        if try fault(picture) != nil { return nil }
        return try client.read(picture: picture)
    }

    @Test func `half a PNG is refused and the child lives`() throws {
        let picture = try client.png(of: QRContent(text: String(repeating: "half ", count: 200)))
        let before = client.processID
        for count in [8, 20, 33, 60, picture.count / 2, picture.count - 30] {
            #expect(try fault(Array(picture.prefix(count))) == .damaged, "\(count) bytes")
        }
        #expect(client.processID == before)
        #expect(try client.read(picture: picture).symbols.count == 1)
    }

    @Test func `half a JPEG is refused`() throws {
        let picture = try #require(Data(base64Encoded: SamplePictures.jpeg).map { Array($0) })
        #expect(try client.read(picture: picture).symbols.map(\.text.text) == ["JPEG"])
        for count in [3, 100, picture.count / 2, picture.count * 3 / 4, picture.count - 40] {
            #expect(try fault(Array(picture.prefix(count))) == .damaged, "\(count) bytes")
        }
    }

    @Test func `a JPEG of four inks is read`() throws {
        let picture = try #require(Data(base64Encoded: SamplePictures.inks).map { Array($0) })
        #expect(try client.read(picture: picture).symbols.map(\.text.text) == ["CMYK"])
    }

    @Test(arguments: [OddJPEGs.triple, OddJPEGs.uneven])
    func `a JPEG of a rare subsampling is read, and made small`(text: String) throws {
        let picture = try #require(Data(base64Encoded: text).map { Array($0) })
        #expect(try client.read(picture: picture).symbols.map(\.text.text) == ["ODD"])
        #expect(try !client.preview(of: picture, byteCount: 30_000).isEmpty)
        #expect(try fault(Array(picture.prefix(picture.count / 2))) == .damaged)
    }

    /// The end mark alone tells nothing about the picture; what stands before it does.
    @Test(arguments: [SamplePictures.jpeg, OddJPEGs.triple, OddJPEGs.uneven])
    func `a JPEG without its end mark is read`(text: String) throws {
        let picture = try #require(Data(base64Encoded: text).map { Array($0) })
        for count in [1, 2] {
            let cut = Array(picture.dropLast(count))
            #expect(try client.read(picture: cut).symbols.count == 1, "without \(count)")
        }
        #expect(try client.read(picture: picture + [0, 1, 2]).symbols.count == 1)
        #expect(try fault(Array(picture.dropLast(40))) == .damaged)
    }

    @Test func `what is no picture is refused`() throws {
        var dice = SeededDice(seed: 8)
        let noise = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &dice) }
        #expect(try fault([]) == .unknownFormat)
        #expect(try fault(Array("GIF89a".utf8)) == .unknownFormat)
        #expect(try fault([0x89, 0x50, 0x4E, 0x47] + noise) == .damaged)
        #expect(try fault([0xFF, 0xD8] + noise) == .damaged)
        #expect(try fault(WorkerFixture.pgm(width: 9, height: 9, [1, 2, 3])) == .damaged)
        #expect(try fault(Array("P5\n1 x".utf8)) == .damaged)
    }

    @Test func `a picture that claims too many pixels is refused before it is unpacked`() throws {
        let claim = WorkerFixture.pgm(width: 100_000, height: 100_000, [])
        #expect(try fault(claim) == .tooLarge)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `damaged pictures cost nothing but themselves`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let picture = try client.png(of: QRContent(text: "DAMAGE"))
        for _ in 0..<100 {
            var damaged = picture
            for _ in 0..<3 {
                let place = Int.random(in: damaged.indices, using: &dice)
                damaged[place] = UInt8.random(in: 0...255, using: &dice)
            }
            guard let reading = try reading(damaged) else { continue }
            let texts = reading.symbols.map(\.text.text)
            #expect(texts.allSatisfy { $0 == "DAMAGE" }, "seed \(seed)")
        }
        #expect(try client.read(picture: picture).symbols.map(\.text.text) == ["DAMAGE"])
    }
}
