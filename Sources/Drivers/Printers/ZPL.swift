import Imaging
import Labels

/// Zebra's language, labels as one picture (`^GFA`), so that every letter of every writing prints.
///
/// Facts from Zebra's ZPL II Programming Guide: `^GF`, `^PW`, `^LL`, `^PQ`, `~HS`, `~JA`, and the
/// "Alternative Data Compression Scheme".
public struct ZPL: PrinterLanguage {
    public init() {}

    public func stream(_ pages: [DotPicture], resolution: Int, copies: Int) -> PrintStream {
        let labels = pages.map { label($0, copies: copies) }
        // A label prints when its `^XZ` has come, so all of the first but that is harmless.
        let load = Array(labels[0].dropLast(Self.end.count))
        return PrintStream(load: load, trigger: Self.end + labels.dropFirst().joined())
    }

    private static let end = Array("^XZ\n".utf8)

    /// Bytes of picture a command: as much as small printers take at once.
    private static let bandBytes = 24_000

    private func label(_ page: DotPicture, copies: Int) -> [UInt8] {
        var data = Array("^XA^PW\(page.width)^LL\(page.height)^LH0,0".utf8)
        let bandRows = max(1, Self.bandBytes / page.stride)
        for top in stride(from: 0, to: page.height, by: bandRows) {
            let rows = top..<min(page.height, top + bandRows)
            let count = rows.count * page.stride
            data += Array("^FO0,\(top)^GFA,\(count),\(count),\(page.stride),".utf8)
            data += Self.compressed(page, rows) + Array("^FS".utf8)
        }
        // Without it the printer prints one.
        if copies > 1 { data += Array("^PQ\(copies),0,0,N".utf8) }
        return data + Self.end
    }

    // MARK: - Compression

    /// The rows in hexadecimal digits, repeated digits counted, repeated rows as `:`, the rest of a
    /// row of zeros as `,` and of ones as `!`.
    static func compressed(_ page: DotPicture, _ rows: Range<Int>) -> [UInt8] {
        var data: [UInt8] = []
        var last: ArraySlice<UInt8>?
        for row in rows {
            let bytes = page.rows[row * page.stride..<(row + 1) * page.stride]
            if let last, last == bytes {
                data.append(UInt8(ascii: ":"))
            } else {
                add(bytes, to: &data)
            }
            last = bytes
        }
        return data
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func add(_ row: ArraySlice<UInt8>, to data: inout [UInt8]) {
        var nibbles: [UInt8] = []
        for byte in row {
            nibbles.append(byte >> 4)
            nibbles.append(byte & 15)
        }
        var end = nibbles.count
        var tail: UInt8?
        if nibbles.last == 0 || nibbles.last == 15 {
            let filler = nibbles[end - 1]
            while end > 0, nibbles[end - 1] == filler { end -= 1 }
            tail = filler == 0 ? UInt8(ascii: ",") : UInt8(ascii: "!")
        }
        var index = 0
        while index < end {
            var run = 1
            while index + run < end, nibbles[index + run] == nibbles[index] { run += 1 }
            addCount(run, to: &data)
            data.append(digits[Int(nibbles[index])])
            index += run
        }
        if let tail { data.append(tail) }
    }

    /// `G` to `Y` stand for 1 to 19 times the digit that follows, `g` to `z` for 20 to 400.
    private static func addCount(_ count: Int, to data: inout [UInt8]) {
        guard count > 1 else { return }
        var left = count
        while left >= 400 {
            data.append(UInt8(ascii: "z"))
            left -= 400
        }
        if left >= 20 {
            data.append(UInt8(ascii: "g") + UInt8(left / 20 - 1))
            left %= 20
        }
        if left > 0 { data.append(UInt8(ascii: "G") + UInt8(left - 1)) }
    }

    // MARK: - Status

    public var question: [UInt8] { Array("~HS".utf8) }
    public var clearing: [UInt8] { Array("~JA".utf8) }
    public var clearingRestarts: Bool { false }

    /// Three lines, each between STX and ETX; of the first come paper, pause, formats in memory and
    /// temperature, of the second head, ribbon and labels left of a batch.
    public func report(_ answer: [UInt8]) -> PrinterReport? {
        let lines = answer.split(separator: 0x02, omittingEmptySubsequences: true)
            .filter { $0.contains(0x03) }
            .map { line in
                String(decoding: line.prefix { $0 != 0x03 }, as: UTF8.self)
                    .split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
        guard lines.count >= 3, lines[0].count >= 12, lines[1].count >= 9 else { return nil }
        let (first, second) = (lines[0].map { Int($0) }, lines[1].map { Int($0) })
        // All are numbers in every printer's answer; what has others is none.
        guard !first.contains(nil), !second.contains(nil) else { return nil }
        func isSet(_ number: Int?) -> Bool { number != 0 }
        var report = PrinterReport()
        report.holdsHalfALabel = isSet(first[7])
        report.isBusy = isSet(first[4]) || isSet(first[7]) || isSet(second[8]) || isSet(second[7])
        if isSet(first[1]) {
            report.trouble = .paperOut
        } else if isSet(second[2]) {
            report.trouble = .headOpen
        } else if isSet(second[3]) {
            report.trouble = .ribbonOut
        } else if isSet(first[2]) {
            report.trouble = .paused
        } else if isSet(first[9]) || isSet(first[11]) {
            report.trouble = .trouble
        }
        report.detail = lines[0...1].map { $0.joined(separator: ",") }.joined(separator: " ")
        return report
    }
}
