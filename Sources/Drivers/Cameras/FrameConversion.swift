/// Turns what cameras give into files that the decoders read.
package enum FrameConversion {
    /// Formats of pixels that are understood, by V4L2's four characters; the best first: what is
    /// grey already costs nothing.
    package enum Format: String, CaseIterable {
        case grey = "GREY"
        case nv12 = "NV12"
        case yuyv = "YUYV"
        case mjpeg = "MJPG"

        /// The number that V4L2 makes of the four characters (`v4l2_fourcc`).
        package var code: UInt32 {
            rawValue.utf8.enumerated().reduce(0) {
                $0 | UInt32($1.element) << (8 * UInt32($1.offset))
            }
        }
    }

    /// A picture as a PGM or JPEG file; nil for a frame that is cut short.
    ///
    /// - Parameters:
    ///   - frame: the bytes of the camera's buffer.
    ///   - format: of its pixels.
    ///   - width: in pixels.
    ///   - height: in pixels.
    ///   - stride: bytes from one row to the next; what is beyond the width is padding.
    /// - Returns: the file.
    package static func file(
        _ frame: [UInt8],
        _ format: Format,
        width: Int,
        height: Int,
        stride: Int
    ) -> [UInt8]? {
        guard width > 0, height > 0 else { return nil }
        switch format {
        case .mjpeg:
            return jpeg(frame)
        case .grey, .nv12:
            return pgm(frame, width, height, max(stride, width), step: 1)
        case .yuyv:
            return pgm(frame, width, height, max(stride, 2 * width), step: 2)
        }
    }

    /// The brightness of each pixel: every `step`th byte of a row.
    private static func pgm(
        _ frame: [UInt8],
        _ width: Int,
        _ height: Int,
        _ stride: Int,
        step: Int
    ) -> [UInt8]? {
        guard frame.count >= stride * (height - 1) + width * step else { return nil }
        var file = Array("P5\n\(width) \(height)\n255\n".utf8)
        file.reserveCapacity(file.count + width * height)
        for row in 0..<height {
            let start = row * stride
            if step == 1 {
                file += frame[start..<start + width]
            } else {
                for column in 0..<width { file.append(frame[start + column * step]) }
            }
        }
        return file
    }

    /// A whole JPEG file: cameras leave out the Huffman tables, which are always the same (UVC
    /// payload MJPEG 1.5, 3.3; the tables are those of ITU-T T.81, annex K.3).
    package static func jpeg(_ frame: [UInt8]) -> [UInt8]? {
        guard frame.count > 4, frame[0] == 0xFF, frame[1] == 0xD8 else { return nil }
        var index = 2
        while index + 4 <= frame.count, frame[index] == 0xFF {
            let marker = frame[index + 1]
            if marker == 0xC4 { return frame }
            if marker == 0xDA {
                return Array(frame[..<index]) + huffmanTables + Array(frame[index...])
            }
            index += 2 + Int(frame[index + 2]) << 8 + Int(frame[index + 3])
        }
        return nil
    }

    /// A DHT segment with the four tables: lengths of codes, then symbols.
    package static let huffmanTables: [UInt8] = {
        let directLuma: [UInt8] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
        let directChroma: [UInt8] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
        let direct: [UInt8] = Array(0...11)
        let tables: [(UInt8, [UInt8], [UInt8])] = [
            (0x00, directLuma, direct), (0x10, lumaLengths, lumaSymbols),
            (0x01, directChroma, direct), (0x11, chromaLengths, chromaSymbols),
        ]
        let body = tables.flatMap { [$0.0] + $0.1 + $0.2 }
        let length = body.count + 2
        return [0xFF, 0xC4, UInt8(length >> 8), UInt8(length & 0xFF)] + body
    }()

    private static let lumaLengths: [UInt8] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D]
    private static let chromaLengths: [UInt8] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77]

    private static let lumaSymbols = symbols(
        """
        01 02 03 00 04 11 05 12 21 31 41 06 13 51 61 07 22 71 14 32 81 91 A1 08
        23 42 B1 C1 15 52 D1 F0 24 33 62 72 82 09 0A 16 17 18 19 1A 25 26 27 28
        29 2A 34 35 36 37 38 39 3A 43 44 45 46 47 48 49 4A 53 54 55 56 57 58 59
        5A 63 64 65 66 67 68 69 6A 73 74 75 76 77 78 79 7A 83 84 85 86 87 88 89
        8A 92 93 94 95 96 97 98 99 9A A2 A3 A4 A5 A6 A7 A8 A9 AA B2 B3 B4 B5 B6
        B7 B8 B9 BA C2 C3 C4 C5 C6 C7 C8 C9 CA D2 D3 D4 D5 D6 D7 D8 D9 DA E1 E2
        E3 E4 E5 E6 E7 E8 E9 EA F1 F2 F3 F4 F5 F6 F7 F8 F9 FA
        """
    )

    private static let chromaSymbols = symbols(
        """
        00 01 02 03 11 04 05 21 31 06 12 41 51 07 61 71 13 22 32 81 08 14 42 91
        A1 B1 C1 09 23 33 52 F0 15 62 72 D1 0A 16 24 34 E1 25 F1 17 18 19 1A 26
        27 28 29 2A 35 36 37 38 39 3A 43 44 45 46 47 48 49 4A 53 54 55 56 57 58
        59 5A 63 64 65 66 67 68 69 6A 73 74 75 76 77 78 79 7A 82 83 84 85 86 87
        88 89 8A 92 93 94 95 96 97 98 99 9A A2 A3 A4 A5 A6 A7 A8 A9 AA B2 B3 B4
        B5 B6 B7 B8 B9 BA C2 C3 C4 C5 C6 C7 C8 C9 CA D2 D3 D4 D5 D6 D7 D8 D9 DA
        E2 E3 E4 E5 E6 E7 E8 E9 EA F2 F3 F4 F5 F6 F7 F8 F9 FA
        """
    )

    private static func symbols(_ text: String) -> [UInt8] {
        text.split(whereSeparator: \.isWhitespace).compactMap { UInt8($0, radix: 16) }
    }
}
