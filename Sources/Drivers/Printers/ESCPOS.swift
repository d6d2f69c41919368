import Imaging
import Labels

/// Epson's language for receipt printers, labels as pictures (`GS v 0`).
///
/// Facts from Epson's ESC/POS command reference: `GS v 0`, `DLE EOT`, `DLE DC4` with fn 8, `GS V`.
public struct ESCPOS: PrinterLanguage {
    /// Rows a command: little enough for any printer's memory.
    private static let bandRows = 128

    public init() {}

    public func stream(_ pages: [DotPicture], resolution: Int, copies: Int) -> PrintStream {
        var data: [UInt8] = []
        for _ in 0..<copies {
            for page in pages {
                for top in stride(from: 0, to: page.height, by: Self.bandRows) {
                    data += band(page, top, min(Self.bandRows, page.height - top))
                }
                // Feed to the cutter, and cut all but a bridge.
                data += [0x1D, 0x56, 0x42, 0x00]
            }
        }
        // A receipt printer prints what it gets as it comes; only what sets it up is harmless.
        return PrintStream(load: [0x1B, 0x40], trigger: data)
    }

    private func band(_ page: DotPicture, _ top: Int, _ rows: Int) -> [UInt8] {
        var head: [UInt8] = [0x1D, 0x76, 0x30, 0x00]
        for value in [page.stride, rows] { head += [UInt8(value & 255), UInt8(value >> 8)] }
        let ink = page.rows[top * page.stride..<(top + rows) * page.stride]
        return head + Self.harmless(Array(ink))
    }

    /// The printer obeys `DLE EOT`, `DLE ENQ` and `DLE DC4` even inside a picture: one more dot
    /// beside the one of `DLE` makes it another byte.
    static func harmless(_ ink: [UInt8]) -> [UInt8] {
        var ink = ink
        for index in ink.indices.dropLast()
        where ink[index] == 0x10 && [0x04, 0x05, 0x14].contains(ink[index + 1]) {
            ink[index] = 0x18
        }
        return ink
    }

    // MARK: - Status

    /// Printer, why off-line, errors, paper.
    public var question: [UInt8] {
        [0x10, 0x04, 0x01, 0x10, 0x04, 0x02, 0x10, 0x04, 0x03, 0x10, 0x04, 0x04]
    }

    public var clearing: [UInt8] { [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08] }
    public var clearingRestarts: Bool { false }

    /// Four bytes with fixed bits 1 and 4; a picture's own dots may have asked for others before.
    public func report(_ answer: [UInt8]) -> PrinterReport? {
        let bytes = answer.filter { $0 & 0b1001_0011 == 0b0001_0010 }.suffix(4)
        guard bytes.count == 4 else { return nil }
        let status = Array(bytes)
        var report = PrinterReport()
        if status[3] & 0x60 != 0 || status[1] & 0x20 != 0 {
            report.trouble = .paperOut
        } else if status[1] & 0x04 != 0 {
            report.trouble = .headOpen
        } else if status[2] & 0x68 != 0 || status[1] & 0x40 != 0 {
            report.trouble = .trouble
        } else if status[0] & 0x08 != 0 {
            report.trouble = .paused
        }
        report.detail = status.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        .joined(separator: " ")
        return report
    }
}
