import Imaging
import Labels

/// TSC's language, labels as pictures (`BITMAP`).
///
/// Facts from TSC's TSPL/TSPL2 Programming Language manual: `SIZE`, `CLS`, `BITMAP`, `PRINT`, and
/// the immediate commands `<ESC>!?` and `<ESC>!R`.
public struct TSPL: PrinterLanguage {
    public init() {}

    public func stream(_ pages: [DotPicture], resolution: Int, copies: Int) -> PrintStream {
        let end = Array("PRINT 1,\(copies)\r\n".utf8)
        let labels = pages.map { label($0, resolution) }
        var trigger = end
        for label in labels.dropFirst() { trigger += label + end }
        return PrintStream(load: labels[0], trigger: trigger)
    }

    private func label(_ page: DotPicture, _ resolution: Int) -> [UInt8] {
        func millimetres(_ dots: Int) -> String {
            let tenths = (dots * 254 + resolution / 2) / resolution
            return "\(tenths / 10).\(tenths % 10)"
        }
        var data = Array(
            "SIZE \(millimetres(page.width)) mm,\(millimetres(page.height)) mm\r\nDIRECTION 0\r\n"
                .utf8
        )
        data += Array("REFERENCE 0,0\r\nCLS\r\n".utf8)
        // In this language a 1 is white.
        let ink = page.rows.map { ~$0 }
        let whole = Tile(x: 0, y: 0, width: page.stride, height: page.height)
        for tile in Self.tiles(whole, of: ink, stride: page.stride) {
            data += Array("BITMAP \(tile.x * 8),\(tile.y),\(tile.width),\(tile.height),0,".utf8)
            data += tile.bytes(of: ink, stride: page.stride)
            data += [0x0D, 0x0A]
        }
        return data
    }

    // MARK: - Tiles

    /// A part of the picture; x and width in bytes of eight dots.
    struct Tile: Hashable {
        let x: Int
        let y: Int
        let width: Int
        let height: Int

        func bytes(of ink: [UInt8], stride: Int) -> [UInt8] {
            (y..<y + height).flatMap { row in
                ink[row * stride + x..<row * stride + x + width]
            }
        }
    }

    /// Cuts the picture so that no tile holds `ESC !`, which the printer obeys even there: a
    /// picture could reset it.
    static func tiles(_ tile: Tile, of ink: [UInt8], stride: Int) -> [Tile] {
        var done: [Tile] = []
        var open = [tile]
        while let tile = open.popLast() {
            let bytes = tile.bytes(of: ink, stride: stride)
            guard
                let place = bytes.indices.dropLast().first(where: { index in
                    bytes[index] == 0x1B && bytes[index + 1] == 0x21
                })
            else {
                done.append(tile)
                continue
            }
            let (row, column) = (place / tile.width, place % tile.width)
            let cut: (Tile, Tile)
            if column == tile.width - 1 {
                cut = tile.cut(below: row)
            } else {
                cut = tile.cut(rightOf: column)
            }
            open += [cut.1, cut.0]
        }
        return done
    }

    // MARK: - Status

    public var question: [UInt8] { [0x1B, 0x21, 0x3F] }
    public var clearing: [UInt8] { [0x1B, 0x21, 0x52] }
    public var clearingRestarts: Bool { true }

    /// One byte, a bit a condition; what is no such byte is no answer.
    public func report(_ answer: [UInt8]) -> PrinterReport? {
        guard let status = answer.last, answer.allSatisfy(Self.isStatus) else { return nil }
        var report = PrinterReport()
        report.isBusy = status & 0x20 != 0
        if status & 0x04 != 0 {
            report.trouble = .paperOut
        } else if status & 0x01 != 0 {
            report.trouble = .headOpen
        } else if status & 0x02 != 0 {
            report.trouble = .jammed
        } else if status & 0x08 != 0 {
            report.trouble = .ribbonOut
        } else if status & 0x10 != 0 {
            report.trouble = .paused
        } else if status & 0x80 != 0 {
            report.trouble = .trouble
        }
        let hexadecimal = String(status, radix: 16, uppercase: true)
        report.detail = (status < 16 ? "0" : "") + hexadecimal
        return report
    }
}

extension TSPL {
    /// Whether a byte tells what a printer can be: jammed or out of paper but not both, and at most
    /// one of paused, printing and in other trouble.
    private static func isStatus(_ byte: UInt8) -> Bool {
        byte & 0x06 != 0x06 && [0x00, 0x10, 0x20, 0x80].contains(byte & 0xF0)
    }
}

extension TSPL.Tile {
    /// The rows to this one, and those below it.
    fileprivate func cut(below row: Int) -> (Self, Self) {
        (
            Self(x: x, y: y, width: width, height: row + 1),
            Self(x: x, y: y + row + 1, width: width, height: height - row - 1)
        )
    }

    /// The columns to this one, and those right of it.
    fileprivate func cut(rightOf column: Int) -> (Self, Self) {
        (
            Self(x: x, y: y, width: column + 1, height: height),
            Self(x: x + column + 1, y: y, width: width - column - 1, height: height)
        )
    }
}
