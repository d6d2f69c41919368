import Foundation
import Imaging
import Tally
import Testing

@Suite struct PreviewTests {
    private let client = WorkerFixture.client(timeout: .seconds(120))

    /// A PPM file: left red, right blue, the lowest quarter green.
    private func colours(width: Int, height: Int) -> [UInt8] {
        var pixels: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width {
                let isLow = row * 4 >= height * 3
                pixels += isLow ? [0, 200, 0] : column * 2 < width ? [220, 0, 0] : [0, 0, 220]
            }
        }
        return Array("P6\n\(width) \(height)\n255\n".utf8) + pixels
    }

    /// Width, height and components, from the frame header of a JPEG file.
    private func frame(_ file: [UInt8]) throws -> (width: Int, height: Int, components: Int) {
        var offset = 2
        while offset + 9 < file.count {
            let number = { (place: Int) in Int(file[place]) << 8 | Int(file[place + 1]) }
            if (0xC0...0xC2).contains(file[offset + 1]) {
                return (number(offset + 7), number(offset + 5), Int(file[offset + 9]))
            }
            offset += 2 + number(offset + 2)
        }
        throw ImagingError.wireBroken
    }

    private static let sample = Data(base64Encoded: SamplePictures.jpeg).map { Array($0) } ?? []

    /// The sample with a note of how the camera was held.
    private func held(_ orientation: UInt8, isLittle: Bool) -> [UInt8] {
        let tiff: [UInt8] =
            isLittle
            ? [
                0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0,
                0,
            ]
            : [
                0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0,
                0,
            ]
        let body = Array("Exif\0\0".utf8) + tiff + [0, 0, 0, 0]
        let head: [UInt8] = [0xFF, 0xE1, 0, UInt8(body.count + 2)]
        return Array(Self.sample.prefix(2)) + head + body + Array(Self.sample.dropFirst(2))
    }

    @Test(arguments: [(4_000, 3_000), (3_000, 4_000), (9_000, 60), (481, 480)])
    func `a large picture becomes a small one of the same shape`(width: Int, height: Int) throws {
        let small = try client.preview(of: colours(width: width, height: height), byteCount: 30_000)
        #expect(small.count <= 30_000)
        let frame = try frame(small)
        #expect(max(frame.width, frame.height) == 480 && frame.components == 3)
        let ratio = Double(frame.width * height) / Double(frame.height * width)
        #expect(abs(ratio - 1) < 0.2, "\(frame)")
    }

    @Test func `a small picture is not made larger`() throws {
        let small = try client.preview(of: colours(width: 37, height: 20), byteCount: 30_000)
        let frame = try frame(small)
        #expect(frame.width == 37 && frame.height == 20)
    }

    @Test(arguments: [30_000, 4_000, 1_500])
    func `noise, which packs badly, is kept within its bytes`(byteCount: Int) throws {
        var dice = SeededDice(seed: 3)
        let pixels = (0..<(1_200 * 900 * 3)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        let file = Array("P6\n1200 900\n255\n".utf8) + pixels
        #expect(try client.preview(of: file, byteCount: byteCount).count <= byteCount)
    }

    /// Where the symbol's own upper left corner is in a picture that shows it.
    private func corner(_ picture: [UInt8]) throws -> (isLeft: Bool, isTop: Bool) {
        let request = ReadingRequest(.file(picture), milliseconds: 30_000)
        let symbol = try #require(try client.read(request).symbols.first)
        #expect(symbol.text.text == "JPEG")
        let corner = try #require(symbol.corners.first)
        let (width, height, _) = try frame(picture)
        return (corner.x * 2 < width, corner.y * 2 < height)
    }

    @Test(arguments: [true, false])
    func `a picture of a camera that was held otherwise stands upright`(isLittle: Bool) throws {
        // EXIF: 3 turned by 180 degrees, 6 and 8 by 90 to the right and the left.
        let places: [(UInt8, Bool, Bool)] = [
            (1, true, true), (3, false, false), (6, false, true), (8, true, false),
        ]
        for (orientation, isLeft, isTop) in places {
            let file = held(orientation, isLittle: isLittle)
            let small = try client.preview(of: file, byteCount: 30_000)
            let place = try corner(small)
            #expect(place == (isLeft, isTop), "orientation \(orientation)")
        }
        for orientation in [2, 4, 5, 7, 0, 9, 255] as [UInt8] {
            let file = held(orientation, isLittle: isLittle)
            let small = try client.preview(of: file, byteCount: 30_000)
            #expect(try client.read(picture: small).symbols.count == 1, "\(orientation)")
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `notes of the camera that are damaged do no harm`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let whole = held(6, isLittle: false)
        let before = client.processID
        for _ in 0..<50 {
            var file = whole
            for _ in 0..<3 {
                file[Int.random(in: 2..<40, using: &dice)] = .random(in: 0...255, using: &dice)
            }
            do throws(ImagingError) {
                #expect(try client.preview(of: file, byteCount: 30_000).count <= 30_000)
            } catch {
                guard case .refused = error else { throw error }
            }
        }
        #expect(before == nil || client.processID == before, "seed \(seed)")
    }

    private func fault(_ file: [UInt8]) throws -> PictureFault? {
        do throws(ImagingError) {
            _ = try client.preview(of: file, byteCount: 30_000)
            return nil
        } catch {
            guard case .refused(let fault, _) = error else { throw error }
            return fault
        }
    }

    @Test func `what is no whole picture has no small one`() throws {
        #expect(try fault(Array("GIF89a".utf8)) == .unknownFormat)
        #expect(try fault([]) == .unknownFormat)
        for count in [3, 100, Self.sample.count / 2, Self.sample.count - 40] {
            #expect(try fault(Array(Self.sample.prefix(count))) == .damaged, "\(count) bytes")
        }
        let png = try client.png(of: QRContent(text: String(repeating: "half ", count: 200)))
        for count in [8, 33, png.count / 2, png.count - 30] {
            #expect(try fault(Array(png.prefix(count))) == .damaged, "\(count) bytes")
        }
        #expect(try fault(WorkerFixture.pgm(width: 100_000, height: 100_000, [])) == .tooLarge)
        #expect(try fault(png) == nil)
    }

    @Test func `a decoder that dies or hangs costs one small picture`() throws {
        let client = ImagingWorkerClient(
            executable: WorkerFixture.executable,
            timeout: .milliseconds(1_500),
            environment: ["TALLYMAN_IMAGING_PLANT=1"]
        )
        for word in ["segfault", "hang", "spin", "memory"] {
            #expect(throws: ImagingError.self, "\(word)") {
                try client.preview(of: Array("PLANT \(word)".utf8), byteCount: 30_000)
            }
            // On a busy machine the new child may need more than its time to start.
            var isAlive = false
            for _ in 0..<20 where !isAlive {
                isAlive = (try? client.preview(of: Self.sample, byteCount: 30_000)) != nil
            }
            #expect(isAlive, "\(word)")
        }
    }
}
