import Imaging
import Labels

/// Epson's language for receipt printers, labels as pictures (`GS v 0`).
///
/// Facts from Epson's ESC/POS command reference: `GS v 0`, `DLE EOT`, `DLE DC4` with fn 8, `GS V`,
/// and `GS ( H` with fn 48. The answers to `DLE EOT` come at once, whatever still waits to be
/// printed, and so say nothing of a label; the answer to `GS ( H` comes when what stands before it
/// is printed.
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
        let mark = Self.mark(of: data)
        data += [0x1D, 0x28, 0x48, 0x06, 0x00, 0x30, 0x30] + Self.letters(of: mark)
        // A receipt printer prints what it gets as it comes; only what sets it up is harmless.
        return PrintStream(load: [0x1B, 0x40], trigger: data, mark: mark)
    }

    // MARK: - Its own word that a label is done

    /// Four letters of 0x21 to 0x7D, all odd, so that none looks like an answer to `DLE EOT`.
    private static func letters(of mark: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: mark >> (8 * $0)) }
    }

    /// Tells this label's answer from one to another label that was late.
    private static func mark(of data: [UInt8]) -> UInt32 {
        // FNV-1a.
        var hash: UInt32 = 0x811C_9DC5
        for byte in data { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return (0..<4).reduce(0) { mark, index in
            let byte = hash >> (8 * UInt32(index)) & 0xFF
            return mark | (0x21 + 2 * (byte % 47)) << (8 * UInt32(index))
        }
    }

    /// Takes answers of process numbers (`37 22 d1 d2 d3 d4 00`) out of what came.
    private static func finished(in answer: inout [UInt8]) -> UInt32? {
        var found: UInt32?
        while let start = answer.indices.first(where: { index in
            answer.count - index >= 7 && answer[index] == 0x37 && answer[index + 1] == 0x22
                && answer[index + 6] == 0
        }) {
            found = answer[start + 2..<start + 6].reversed().reduce(0) { $0 << 8 | UInt32($1) }
            answer.removeSubrange(start..<start + 7)
        }
        return found
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
        var answer = answer
        let finished = Self.finished(in: &answer)
        let bytes = answer.filter { $0 & 0b1001_0011 == 0b0001_0010 }.suffix(4)
        guard bytes.count == 4 else { return nil }
        let status = Array(bytes)
        var report = PrinterReport()
        report.finished = finished
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
