import Foundation
import Imaging
import Tally
import Testing

@Suite struct RoundTripTests {
    private let client = WorkerFixture.client()

    private func readBack(_ content: QRContent, _ level: ErrorCorrection = .medium) throws -> Symbol
    {
        let picture = try client.png(of: content, level: level)
        // Without a limit that a slow build would run into.
        let reading = try client.read(ReadingRequest(.file(picture), milliseconds: 15_000))
        #expect(reading.partialCount == 0)
        #expect(reading.symbols.count == 1)
        return try #require(reading.symbols.first)
    }

    @Test(arguments: [
        "hello", "TM:C:QTY:40", "严重隐患 停机", "你好", "北京", "ü", "±0.05mm", "到货单 DN-1\n",
        "https://id.tallyman.example/8004/CNC-01", "0123456789", " a ", "🏭",
    ])
    func `a text comes back from its picture`(text: String) throws {
        let symbol = try readBack(QRContent(text: text))
        #expect(symbol.symbology == .qr)
        #expect(symbol.text == DecodedText(Array(text.utf8)))
        #expect(symbol.text.text == text)
        #expect(symbol.text.encoding == .utf8)
        #expect(symbol.corners.count == 4)
    }

    @Test func `every byte value comes back`() throws {
        let bytes = [UInt8](0...255)
        let symbol = try readBack(QRContent(bytes: bytes))
        #expect(symbol.bytes == bytes)
        #expect(symbol.text.encoding == .latin1)
        for byte in bytes {
            #expect(
                try readBack(QRContent(bytes: [byte, byte, 0x41])).bytes == [byte, byte, 0x41]
            )
        }
    }

    @Test func `a label in GB 18030 is read as Chinese`() throws {
        let bytes: [UInt8] = [0xB5, 0xBD, 0xBB, 0xF5, 0xB5, 0xA5]
        let symbol = try readBack(QRContent(bytes: bytes))
        #expect(symbol.bytes == bytes)
        #expect(symbol.text.text == "到货单")
        #expect(symbol.text.encoding == .gb18030)
    }

    @Test(arguments: ErrorCorrection.allCases)
    func `the longest contents come back`(level: ErrorCorrection) throws {
        // ISO/IEC 18004, table 7, version 40: bytes.
        let countMax = [2953, 2331, 1663, 1273][Int(level.rawValue)]
        var dice = SeededDice(seed: UInt64(level.rawValue))
        let bytes = (0..<countMax).map { _ in UInt8.random(in: 0...255, using: &dice) }
        #expect(try readBack(QRContent(bytes: bytes), level).bytes == bytes)
        #expect(
            throws: ImagingError.refused(
                .contentTooLong,
                detail: "\(countMax + 1) bytes at level \(level.letter)"
            )
        ) { try client.png(of: QRContent(bytes: bytes + [0]), level: level) }
    }

    @Test(arguments: ErrorCorrection.allCases)
    func `nothing comes back as nothing`(level: ErrorCorrection) throws {
        #expect(try readBack(QRContent(text: ""), level).text.text == "")
        #expect(try readBack(QRContent(bytes: []), level).bytes == [])
    }

    @Test func `the longest texts of each kind come back`() throws {
        // ISO/IEC 18004, table 7, version 40-L: 7,089 digits, 4,296 capitals; Chinese is 3 bytes
        // a letter behind the 12 bits that name UTF-8.
        let texts = [
            String(repeating: "0123456789", count: 709).prefix(7089),
            String(repeating: "TALLY-40:", count: 478).prefix(4296),
            String(repeating: "到货单严重隐患停机检", count: 99).prefix(983),
        ]
        for text in texts.map(String.init) {
            #expect(try readBack(QRContent(text: text), .low).text.text == text)
            #expect(throws: ImagingError.self) {
                try client.png(of: QRContent(text: text + "货货"), level: .low)
            }
        }
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func `random Chinese comes back, mixed with other letters`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        let others = Array("aZ09 :/%-\n\u{1D}é±🏭Ж")
        for _ in 0..<20 {
            let text = String(
                (0..<Int.random(in: 1...200, using: &dice)).map { _ -> Character in
                    if Bool.random(using: &dice) {
                        return others.randomElement(using: &dice) ?? "a"
                    }
                    // CJK Unified Ideographs without the last, unassigned places.
                    let scalar = UInt32.random(in: 0x4E00...0x9FA5, using: &dice)
                    return Unicode.Scalar(scalar).map(Character.init) ?? "到"
                }
            )
            #expect(try readBack(QRContent(text: text)).text.text == text, "seed \(seed)")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `random bytes come back`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        for _ in 0..<20 {
            let count = Int.random(in: 1...400, using: &dice)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) }
            #expect(try readBack(QRContent(bytes: bytes)).bytes == bytes, "seed \(seed)")
        }
    }

    @Test func `many codes at once are those of one by one, of whatever sizes`() throws {
        var dice = SeededDice(seed: 7)
        // Small ones by the thousand fill a socket with messages, large ones with bytes.
        for (count, sizes) in [(2_000, 0...20), (200, 2_000...2_300), (300, 0...2_300)] {
            let contents = (0..<count).map { _ in
                let size = Int.random(in: sizes, using: &dice)
                return QRContent(
                    bytes: (0..<size).map { _ in UInt8.random(in: 0...255, using: &dice) }
                )
            }
            let codes = try client.modules(of: contents)
            #expect(codes.count == count)
            for index in [0, 1, count / 2, count - 1] {
                #expect(try codes[index] == client.modules(of: contents[index]))
            }
        }
        #expect(try client.modules(of: [] as [QRContent]).isEmpty)
    }

    @Test func `one code too long among many refuses all, and the child goes on`() throws {
        let good = QRContent(text: "TM:C:OK")
        let long = QRContent(bytes: [UInt8](repeating: 7, count: 3_000))
        _ = try client.modules(of: good)
        let child = client.processID
        #expect(throws: ImagingError.self) { try client.modules(of: [good, long, good]) }
        #expect(try client.modules(of: [good, good]).count == 2)
        #expect(client.processID == child)
    }

    @Test func `small, large, inverted and borderless codes are read`() throws {
        let modules = try client.modules(of: QRContent(text: "TM:W:W-017"))
        let pictures = [
            WorkerFixture.picture(modules, moduleSize: 1),
            WorkerFixture.picture(modules, moduleSize: 90),
            WorkerFixture.picture(modules, dark: 255, light: 0),
            WorkerFixture.picture(modules, moduleSize: 3, margin: 0),
        ]
        for (index, picture) in pictures.enumerated() {
            let symbols = try client.read(picture: picture).symbols
            #expect(symbols.map(\.text.text) == ["TM:W:W-017"], "picture \(index)")
        }
    }

    @Test func `a symbol's corners lie on the symbol`() throws {
        let modules = try client.modules(of: QRContent(text: "CORNERS"))
        for size in [4, 60] {
            let picture = WorkerFixture.picture(modules, moduleSize: size)
            let symbol = try #require(try client.read(picture: picture).symbols.first)
            let (low, high) = (4 * size, (4 + modules.width) * size)
            for corner in symbol.corners {
                for place in [corner.x, corner.y] {
                    #expect(min(abs(place - low), abs(place - high)) <= 2 * size)
                }
            }
        }
    }

    @Test func `only the kinds of code that are asked for are read`() throws {
        let picture = try client.png(of: QRContent(text: "QR"))
        #expect(try client.read(picture: picture, symbologies: [.code128]).symbols.isEmpty)
        #expect(try client.read(picture: picture, symbologies: []).symbols.isEmpty)
    }

    @Test func `a part of a longer message is counted and not given`() throws {
        let picture = try #require(Data(base64Encoded: SamplePictures.part).map { Array($0) })
        let reading = try client.read(picture: picture)
        #expect(reading.symbols.isEmpty)
        #expect(reading.partialCount == 1)
    }

    @Test func `lines are read, but not so few that they may be anything`() throws {
        let tag = try client.read(picture: LineCode.picture("TAG1")).symbols
        #expect(tag.map(\.symbology) == [.code39])
        #expect(tag.map(\.text.text) == ["TAG1"])
        #expect(tag.map(\.corners.count) == [4])
        #expect(try client.read(picture: LineCode.picture("T")).symbols.isEmpty)
    }

    @Test func `an SVG has a square for each dark run`() throws {
        let modules = try client.modules(of: QRContent(text: "SVG"))
        let svg = modules.svg(moduleSize: 3)
        let side = modules.width + 8
        #expect(svg.contains("viewBox=\"-4 -4 \(side) \(side)\""))
        #expect(svg.contains("width=\"\(3 * side)\""))
        #expect(modules.svgPath.hasPrefix("M0 0h7v1H0z"))
    }
}
