import Foundation
import Imaging
import Testing

@Suite struct ForeignCodeTests {
    private let client = WorkerFixture.client()

    private func symbols(_ base64: String) throws -> [Symbol] {
        let file = try #require(Data(base64Encoded: base64).map { Array($0) })
        return try client.read(picture: file, symbologies: Set(Symbology.allCases)).symbols
    }

    @Test func `GS1 separators and identifiers are kept`() throws {
        let matrix = try #require(try symbols(ForeignPictures.dataMatrixGS1).first)
        #expect(matrix.symbology == .dataMatrix)
        #expect(matrix.bytes == Array("010950110153000310ABC\u{1D}2142".utf8))
        #expect(matrix.isGS1 && matrix.identifier == "]d2")
        let qr = try #require(try symbols(ForeignPictures.qrGS1).first)
        #expect(qr.bytes == Array("010950110153000310ABC%\u{1D}2142".utf8))
        #expect(qr.isGS1 && qr.identifier == "]Q3")
    }

    @Test func `Data Matrix is among what is looked for without being asked`() throws {
        let file = try #require(Data(base64Encoded: ForeignPictures.dataMatrixGS1))
        #expect(try client.read(picture: Array(file)).symbols.count == 1)
    }

    @Test func `Aztec, PDF417 and Micro QR are read when asked for`() throws {
        #expect(try symbols(ForeignPictures.aztec).map(\.text.text) == ["AZTEC 到货"])
        #expect(try symbols(ForeignPictures.pdf417).map(\.text.text) == ["PDF417 TEXT"])
        #expect(try symbols(ForeignPictures.microQR).map(\.text.text) == ["MICRO"])
        let file = try #require(Data(base64Encoded: ForeignPictures.aztec))
        #expect(try client.read(picture: Array(file)).symbols == [])
    }

    @Test func `what a code says of its encoding is believed`() throws {
        let chinese = try #require(try symbols(ForeignPictures.namedGB18030).first)
        #expect(chinese.text.text == "到货单 DN-1")
        #expect(chinese.text.encoding == .gb18030)
        #expect(chinese.identifier == "]Q2")
        // Its half-width kana would pass for Chinese.
        let japanese = try #require(try symbols(ForeignPictures.namedShiftJIS).first)
        #expect(japanese.text.text == "ﾃﾞｻﾞｲﾝ 携帯")
        #expect(japanese.text.encoding == .shiftJIS)
    }

    @Test func `encodings that are not named are told apart`() {
        let chinese: [UInt8] = [0xD1, 0xCF, 0xD6, 0xD8, 0xD2, 0xFE, 0xBB, 0xBC]
        #expect(DecodedText(chinese).text == "严重隐患")
        let kana: [UInt8] =
            Array("Google ".utf8) + [0x83, 0x82, 0x83, 0x6F, 0x83, 0x43, 0x83, 0x8B]
        #expect(DecodedText(kana).text == "Google モバイル")
        #expect(DecodedText(kana).encoding == .shiftJIS)
        let halfWidth: [UInt8] = [0xC3, 0xDE, 0xBB, 0xDE, 0xB2, 0xDD]
        #expect(DecodedText(halfWidth).text == "ﾃﾞｻﾞｲﾝ")
        #expect(DecodedText([0xFC]).encoding == .latin1)
        #expect(DecodedText(Array("ü".utf8), eci: 3).text == "Ã¼")
        #expect(DecodedText([0xFF, 0xFE], eci: 26).encoding == .latin1)
    }
}
