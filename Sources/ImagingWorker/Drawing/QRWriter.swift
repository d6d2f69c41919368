import CQREncode
import Glibc
import Imaging

/// QR codes through libqrencode.
enum QRWriter {
    /// ECI 26: UTF-8 (AIM ITS/04-023).
    private static let eciUTF8: UInt32 = 26

    static func modules(
        _ content: QRContent,
        _ level: ErrorCorrection
    ) throws(WorkerError) -> QRModules {
        guard let code = encode(content, QRecLevel(rawValue: UInt32(level.rawValue))) else {
            throw WorkerError(
                errno == ERANGE ? .contentTooLong : .badRequest,
                "\(content.bytes.count) bytes at level \(level.letter)"
            )
        }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        let squares = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
        // Bit 0 of a square is its colour; the others say what it is for.
        guard let modules = QRModules(width: width, isDark: squares.map { $0 & 1 == 1 }) else {
            throw WorkerError(.badRequest, "\(width) modules")
        }
        return modules
    }

    /// Nanoseconds that libqrencode's own call takes for all of these.
    static func time(
        _ contents: [QRContent],
        _ level: ErrorCorrection
    ) throws(WorkerError) -> UInt64 {
        let level = QRecLevel(rawValue: UInt32(level.rawValue))
        let start = nanoseconds()
        for content in contents {
            let count = Int32(content.bytes.count)
            guard let code = QRcode_encodeData(count, content.bytes, 0, level) else {
                throw WorkerError(.contentTooLong, "\(count) bytes")
            }
            QRcode_free(code)
        }
        return nanoseconds() - start
    }

    /// The monotonic clock, in nanoseconds.
    private static func nanoseconds() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    private static func encode(
        _ content: QRContent,
        _ level: QRecLevel
    ) -> UnsafeMutablePointer<QRcode>? {
        let count = Int32(content.bytes.count)
        // The library's shorter calls refuse nothing at all; a symbol without segments is valid
        // (ISO/IEC 18004, 7.4.9: the terminator alone).
        guard count > 0 else {
            guard let input = QRinput_new2(0, level) else { return nil }
            defer { QRinput_free(input) }
            return QRcode_encodeInput(input)
        }
        guard content.isText else { return QRcode_encodeData(count, content.bytes, 0, level) }
        if content.bytes.allSatisfy({ (1...0x7F).contains($0) }) {
            // Splits into numbers, capitals and the rest by itself; ends at NUL, which is absent.
            let text = content.bytes.map { CChar(bitPattern: $0) } + [0]
            return QRcode_encodeString(text, 0, level, QR_MODE_8, 1)
        }
        guard let input = QRinput_new2(0, level) else { return nil }
        defer { QRinput_free(input) }
        guard QRinput_appendECIheader(input, eciUTF8) == 0,
            QRinput_append(input, QR_MODE_8, count, content.bytes) == 0
        else { return nil }
        return QRcode_encodeInput(input)
    }
}
