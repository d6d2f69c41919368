import Foundation
import Imaging
import Tally
import Testing

@Suite struct PhotographTests {
    private let client = WorkerFixture.client(timeout: .seconds(120))

    /// Reads without a limit that a slow build would run into.
    private func texts(_ file: [UInt8]) throws -> [String] {
        let request = ReadingRequest(.file(file), milliseconds: 30_000)
        return try client.read(request).symbols.map(\.text.text).sorted()
    }

    private func upright(_ left: Float, _ top: Float, _ side: Float) -> [(x: Float, y: Float)] {
        [(left, top), (left + side, top), (left + side, top + side), (left, top + side)]
    }

    private static let text = "到货单 DN-2026-0815 / 40 × M8"

    private func scene(
        _ corners: [(x: Float, y: Float)],
        _ change: (inout Scene) -> Void = { _ in }
    ) throws -> [UInt8] {
        let modules = try client.modules(of: QRContent(text: Self.text))
        var scene = Scene(width: 420, height: 320)
        scene.put(modules, at: corners)
        change(&scene)
        return scene.file
    }

    @Test func `a label seen from the side is read`() throws {
        let steep: [(x: Float, y: Float)] = [(60, 40), (330, 90), (300, 230), (90, 300)]
        #expect(try texts(try scene(steep)) == [Self.text])
        let far: [(x: Float, y: Float)] = [(150, 60), (280, 50), (360, 290), (60, 270)]
        #expect(try texts(try scene(far)) == [Self.text])
    }

    @Test func `a label that is turned is read`() throws {
        let turned: [(x: Float, y: Float)] = [(210, 30), (340, 165), (205, 295), (75, 160)]
        #expect(try texts(try scene(turned)) == [Self.text])
    }

    @Test func `blur, noise and uneven light are borne`() throws {
        var dice = SeededDice(seed: 5)
        let square = upright(90, 40, 240)
        #expect(try texts(try scene(square) { $0.blur(radius: 2) }) == [Self.text])
        #expect(try texts(try scene(square) { $0.shade(least: 0.15) }) == [Self.text])
        #expect(
            try texts(try scene(square) { $0.roughen(by: 35, using: &dice) }) == [Self.text]
        )
        #expect(
            try texts(
                try scene(square) {
                    $0.blur(radius: 1)
                    $0.shade(least: 0.3)
                    $0.roughen(by: 12, using: &dice)
                }
            ) == [Self.text]
        )
    }

    @Test func `light on dark is read`() throws {
        let square = upright(90, 40, 240)
        #expect(try texts(try scene(square) { $0.invert() }) == [Self.text])
    }

    @Test func `a mirrored code is read`() throws {
        let mirrored: [(x: Float, y: Float)] = [(330, 40), (90, 40), (90, 280), (330, 280)]
        #expect(try texts(try scene(mirrored)) == [Self.text])
    }

    @Test func `every label of a pallet is read, each where it is`() throws {
        var scene = Scene(width: 900, height: 700)
        var expected: [String: (x: Float, y: Float)] = [:]
        for number in 0..<30 {
            let text = "CARTON \(1000 + number)"
            let (left, top) = (Float(number % 6) * 145 + 20, Float(number / 6) * 135 + 15)
            let lean = Float(number % 3) * 6
            let modules = try client.modules(of: QRContent(text: text))
            scene.put(
                modules,
                at: [
                    (left + lean, top), (left + 110, top + lean), (left + 110 - lean, top + 110),
                    (left, top + 110 - lean),
                ]
            )
            expected[text] = (left + 55, top + 55)
        }
        scene.blur(radius: 1)
        let request = ReadingRequest(.file(scene.file), milliseconds: 30_000)
        let symbols = try client.read(request).symbols
        #expect(Set(symbols.map(\.text.text)) == Set(expected.keys))
        #expect(symbols.count == 30)
        for symbol in symbols {
            let place = try #require(expected[symbol.text.text])
            let x = symbol.corners.map(\.x).reduce(0, +) / 4
            let y = symbol.corners.map(\.y).reduce(0, +) / 4
            #expect(abs(Float(x) - place.x) < 12 && abs(Float(y) - place.y) < 12)
        }
    }

    @Test func `a large photograph with a small label is read`() throws {
        let modules = try client.modules(of: QRContent(text: "SMALL"))
        var scene = Scene(width: 2400, height: 1800)
        scene.put(modules, at: upright(1500, 1100, 130))
        #expect(try texts(scene.file) == ["SMALL"])
    }

    @Test(arguments: [1, 7, 22, 40])
    func `every size of code is read in perspective`(version: Int) throws {
        // ISO/IEC 18004, table 7: bytes at level L.
        let counts = [1: 17, 7: 154, 22: 1003, 40: 2953]
        let count = try #require(counts[version])
        var dice = SeededDice(seed: UInt64(version))
        let letters = Array("abcdefghijklmnop".utf8)
        let bytes = (0..<count).map { _ in letters[Int.random(in: 0..<16, using: &dice)] }
        let modules = try client.modules(of: QRContent(bytes: bytes), level: .low)
        #expect(modules.width == 17 + 4 * version)
        let side = Float(modules.width + 8) * 5
        var scene = Scene(width: Int(side) + 80, height: Int(side) + 60)
        scene.put(
            modules,
            at: [
                (20, 15), (side + 45, 45), (side + 15, side + 20), (55, side + 40),
            ]
        )
        #expect(try texts(scene.file) == [String(decoding: bytes, as: UTF8.self)])
    }

    @Test func `noise holds no code`() throws {
        var dice = SeededDice(seed: 77)
        for _ in 0..<6 {
            var scene = Scene(width: 200, height: 150, paper: 128)
            scene.roughen(by: 120, using: &dice)
            #expect(try texts(scene.file) == [])
            scene.blur(radius: 1)
            #expect(try texts(scene.file) == [])
        }
    }

    @Test func `a frame of a camera is read as a file is`() throws {
        let modules = try client.modules(of: QRContent(text: "FRAME"))
        var scene = Scene(width: 320, height: 240)
        scene.put(modules, at: upright(80, 40, 150))
        let frame = try #require(GrayFrame(width: 320, pixels: scene.pixels))
        let request = ReadingRequest(.frame(frame), milliseconds: 30_000)
        #expect(try client.read(request).symbols.map(\.text.text) == ["FRAME"])
        #expect(GrayFrame(width: 7, pixels: [1, 2, 3]) == nil)
    }
}
