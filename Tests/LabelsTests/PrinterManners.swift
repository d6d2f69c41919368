import Foundation
import Imaging

/// Zebra's: `^XA … ^XZ` labels of `^GFA` pictures, `~HS`, `~JA`.
struct ZebraManner: PrinterManner {
    private var memory: [UInt8] = []

    var holdsHalf: Bool { !memory.isEmpty }

    mutating func forget() { memory = [] }

    mutating func take(_ bytes: [UInt8], _ body: inout PrinterBody) -> PrinterAnswer {
        var answer = PrinterAnswer()
        for byte in bytes {
            memory.append(byte)
            // The last letters of ~HS, ~JA and ^XZ, and a line's end.
            guard [0x53, 0x41, 0x5A, 10].contains(byte) else { continue }
            if ends(with: "~HS") {
                memory.removeLast(3)
                answer.bytes += status(body)
            } else if ends(with: "~JA") {
                memory = []
                body.waiting = []
            } else if ends(with: "^XZ") {
                if let (picture, copies) = Self.label(memory) {
                    body.print(picture, copies: copies)
                } else {
                    body.garbage += memory.count
                }
                memory = []
            } else if memory == [10] {
                memory = []
            }
        }
        return answer
    }

    private func ends(with text: String) -> Bool { memory.suffix(3) == Array(text.utf8)[...] }

    private func status(_ body: PrinterBody) -> [UInt8] {
        func flag(_ value: Bool) -> String { value ? "1" : "0" }
        let formats = String(format: "%03d", body.waiting.count)
        let half = flag(holdsHalf)
        let paused = flag(body.isPaused || !body.isReady)
        let lines = [
            "030,\(flag(!body.hasPaper)),\(paused),0799,\(formats),0,0,\(half),000,0,0,0",
            "000,0,\(flag(body.isOpen)),0,0,2,6,0,"
                + "\(String(format: "%08d", body.waiting.count)),1,000",
            "1234,0",
        ]
        return lines.flatMap { [2] + Array($0.utf8) + [3, 13, 10] }
    }

    /// The picture and the number of copies; nil for anything but whole pictures.
    static func label(_ bytes: [UInt8]) -> (DotPicture, Int)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("^XA"), let width = number(after: "^PW", text),
            let height = number(after: "^LL", text)
        else { return nil }
        let stride = (width + 7) / 8
        var rows = [UInt8](repeating: 0, count: stride * height)
        for part in text.components(separatedBy: "^FO0,").dropFirst() {
            let pieces = part.components(separatedBy: "^GFA,")
            guard pieces.count == 2, let top = Int(pieces[0]) else { return nil }
            let fields = pieces[1].split(
                separator: ",",
                maxSplits: 3,
                omittingEmptySubsequences: false
            )
            guard fields.count == 4, let count = Int(fields[1]), Int(fields[2]) == stride,
                let end = fields[3].range(of: "^FS"),
                let data = unpacked(fields[3][..<end.lowerBound], stride), data.count == count
            else { return nil }
            rows.replaceSubrange(top * stride..<top * stride + count, with: data)
        }
        guard let picture = DotPicture(width: width, height: height, rows: rows) else { return nil }
        return (picture, number(after: "^PQ", text) ?? 1)
    }

    private static func number(after name: String, _ text: String) -> Int? {
        guard let range = text.range(of: name) else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isNumber })
    }

    private static func unpacked(_ data: Substring, _ stride: Int) -> [UInt8]? {
        var rows: [[UInt8]] = []
        var row: [UInt8] = []
        var count = 0
        func pad(_ digit: UInt8) { row += Array(repeating: digit, count: stride * 2 - row.count) }
        for letter in data.utf8 {
            switch letter {
            case UInt8(ascii: "G")...UInt8(ascii: "Y"): count += Int(letter - UInt8(ascii: "G")) + 1
            case UInt8(ascii: "g")...UInt8(ascii: "z"):
                count += (Int(letter - UInt8(ascii: "g")) + 1) * 20
            case UInt8(ascii: ","): pad(0)
            case UInt8(ascii: "!"): pad(15)
            case UInt8(ascii: ":"):
                guard row.isEmpty, let last = rows.last else { return nil }
                rows.append(last)
            default:
                guard let digit = Character(Unicode.Scalar(letter)).hexDigitValue else {
                    return nil
                }
                row += Array(repeating: UInt8(digit), count: max(1, count))
                count = 0
            }
            if row.count > stride * 2 { return nil }
            if row.count == stride * 2 {
                rows.append(row)
                row = []
            }
        }
        guard row.isEmpty else { return nil }
        return rows.flatMap { row in
            Swift.stride(from: 0, to: row.count, by: 2).map { row[$0] << 4 | row[$0 + 1] }
        }
    }
}

/// TSC's: lines, `BITMAP` with bytes behind it, `PRINT`; `ESC !?` and `ESC !R` wherever they come.
struct TSCManner: PrinterManner {
    private var memory: [UInt8] = []
    private var size: (width: Int, height: Int) = (0, 0)
    private var canvas: [Int: [UInt8]] = [:]
    private var stride = 0
    private var rows: [UInt8] = []
    /// It says that it is printing at so many questions after a label.
    var busyAnswers = 1
    private var busy = 0

    var holdsHalf: Bool { !memory.isEmpty }

    mutating func forget() {
        memory = []
        rows = []
    }

    mutating func take(_ bytes: [UInt8], _ body: inout PrinterBody) -> PrinterAnswer {
        var answer = PrinterAnswer()
        for byte in bytes {
            memory.append(byte)
            let count = memory.count
            guard byte == 0x3F || byte == 0x52, count > 2, memory[count - 2] == 0x21,
                memory[count - 3] == 0x1B
            else { continue }
            if byte == 0x3F {
                memory.removeLast(3)
                answer.bytes.append(status(body))
            } else if byte == 0x52 {
                forget()
                body.waiting = []
                answer.closes = true
                return answer
            }
        }
        while let used = step(&body) { memory.removeFirst(used) }
        return answer
    }

    private mutating func status(_ body: PrinterBody) -> UInt8 {
        if !body.hasPaper { return 0x04 }
        if body.isOpen { return 0x01 }
        if body.isPaused { return 0x10 }
        if busy > 0 {
            busy -= 1
            return 0x20
        }
        return 0
    }

    /// Does the first command in memory; nil when it is not whole.
    private mutating func step(_ body: inout PrinterBody) -> Int? {
        let text = String(decoding: memory.prefix(60), as: Unicode.ASCII.self)
        if text.hasPrefix("BITMAP ") {
            let head = text.split(separator: ",", maxSplits: 5, omittingEmptySubsequences: false)
            guard head.count == 6 else { return nil }
            let numbers = head.prefix(5).compactMap { Int($0.drop { !$0.isNumber }) }
            guard numbers.count == 5 else { return nil }
            let start = head.prefix(5).joined(separator: ",").utf8.count + 1
            let count = numbers[2] * numbers[3]
            guard memory.count >= start + count + 2 else { return nil }
            draw(numbers, Array(memory[start..<start + count]))
            return start + count + 2
        }
        guard let end = memory.firstIndex(of: 10) else { return nil }
        let line = String(decoding: memory[..<end], as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines
        )
        run(line, &body)
        return end + 1
    }

    private mutating func run(_ line: String, _ body: inout PrinterBody) {
        if line.hasPrefix("SIZE ") {
            let sides = line.dropFirst(5).split(separator: ",").compactMap {
                Double($0.dropLast(3))
            }
            guard sides.count == 2 else { return }
            size = (Int((sides[0] * 203 / 25.4).rounded()), Int((sides[1] * 203 / 25.4).rounded()))
        } else if line == "CLS" {
            stride = (size.width + 7) / 8
            rows = [UInt8](repeating: 0, count: stride * size.height)
        } else if line.hasPrefix("PRINT ") {
            let copies = Int(line.split(separator: ",").last ?? "1") ?? 1
            if let picture = DotPicture(width: size.width, height: size.height, rows: rows) {
                body.print(picture, copies: copies)
                busy = busyAnswers
            } else {
                body.garbage += 1
            }
        } else if !line.hasPrefix("DIRECTION"), !line.hasPrefix("REFERENCE"), !line.isEmpty {
            body.garbage += line.utf8.count
        }
    }

    private mutating func draw(_ place: [Int], _ data: [UInt8]) {
        for row in 0..<place[3] {
            for column in 0..<place[2] {
                let (x, y) = (place[0] / 8 + column, place[1] + row)
                guard x < stride, y < size.height else { continue }
                rows[y * stride + x] = ~data[row * place[2] + column]
            }
        }
    }
}

/// Epson's: `GS v 0` pictures, a cut ends a receipt, `GS ( H` tells that it is on paper; `DLE EOT`
/// and `DLE DC4` wherever they come.
struct EpsonManner: PrinterManner {
    private var memory: [UInt8] = []
    private var stride = 0
    private var rows: [UInt8] = []

    var holdsHalf: Bool { !memory.isEmpty }

    mutating func forget() {
        memory = []
        rows = []
    }

    mutating func take(_ bytes: [UInt8], _ body: inout PrinterBody) -> PrinterAnswer {
        var answer = PrinterAnswer()
        for byte in bytes {
            memory.append(byte)
            let count = memory.count
            if (1...4).contains(byte), count > 2, memory[count - 2] == 4, memory[count - 3] == 0x10
            {
                memory.removeLast(3)
                if body.waiting.isEmpty {
                    answer.bytes += body.marks
                    body.marks = []
                }
                answer.bytes.append(status(byte, body))
            } else if byte == 8, memory.suffix(10) == [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8] {
                forget()
                body.waiting = []
                answer.bytes += [0x37, 0x25, 0x00]
            }
        }
        while let used = step(&body, &answer) { memory.removeFirst(used) }
        return answer
    }

    private func status(_ question: UInt8, _ body: PrinterBody) -> UInt8 {
        switch question {
        case 1: 0x12 | (body.isReady ? 0 : 0x08)
        case 2: 0x12 | (body.isOpen ? 0x04 : 0) | (body.hasPaper ? 0 : 0x20)
        case 3: 0x12
        default: 0x12 | (body.hasPaper ? 0 : 0x60)
        }
    }

    private mutating func step(_ body: inout PrinterBody, _ answer: inout PrinterAnswer) -> Int? {
        if memory.starts(with: [0x1B, 0x40]) { return 2 }
        if memory.starts(with: [0x1D, 0x28, 0x48]) {
            guard memory.count >= 11 else { return nil }
            let mark = [0x37, 0x22] + memory[7..<11] + [0]
            // Told when what stands before it is on paper.
            if body.waiting.isEmpty { answer.bytes += mark } else { body.marks += mark }
            return 11
        }
        if memory.starts(with: [0x1D, 0x56, 0x42]), memory.count >= 4 {
            let height = stride > 0 ? rows.count / stride : 0
            if let picture = DotPicture(width: stride * 8, height: height, rows: rows) {
                body.print(picture)
            }
            rows = []
            return 4
        }
        if memory.starts(with: [0x1D, 0x76, 0x30, 0]), memory.count >= 8 {
            let width = Int(memory[4]) + Int(memory[5]) << 8
            let count = width * (Int(memory[6]) + Int(memory[7]) << 8)
            guard memory.count >= 8 + count else { return nil }
            stride = width
            rows += memory[8..<8 + count]
            return 8 + count
        }
        guard memory.count >= 4 else { return nil }
        body.garbage += 1
        return 1
    }
}
