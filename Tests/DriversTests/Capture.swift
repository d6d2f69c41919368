import Drivers
import Foundation

/// A recording of what a device sent: a line a moment.
///
/// `<ms> hex 41420d` bytes; `<ms> times 3 hex 41` the same three times; `<ms> keys 42:1 30:1 30:0`
/// input events of keys (code and value; 1 down, 0 up, 2 repeat), each with its SYN_REPORT;
/// `<ms> event <type> <code> <value>` any input event; `<ms> hangup` the device is unplugged.
/// Milliseconds count from the start of the recording.
struct Capture {
    enum Step: Equatable {
        case bytes([UInt8])
        case hangUp
    }

    struct Broken: Error, CustomStringConvertible {
        let line: Int
        var description: String { "line \(line) of the capture is not understood" }
    }

    private(set) var steps: [(at: UInt64, step: Step)] = []

    init(_ text: String) throws {
        for (index, line) in text.split(separator: "\n").enumerated() where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2, let at = UInt64(words[0]),
                let step = Self.step(Array(words.dropFirst()))
            else { throw Broken(line: index + 1) }
            steps.append((at, step))
        }
    }

    private static func step(_ words: [String]) -> Step? {
        switch (words[0], words.count) {
        case ("hangup", 1): return .hangUp
        case ("hex", 2): return hex(words[1]).map(Step.bytes)
        case ("times", 4):
            guard words[2] == "hex", let count = Int(words[1]), let bytes = hex(words[3])
            else { return nil }
            return .bytes(Array(repeatElement(bytes, count: count).joined()))
        case ("keys", 2...):
            var bytes: [UInt8] = []
            for word in words.dropFirst() {
                let pair = word.split(separator: ":").compactMap { Int32($0) }
                guard pair.count == 2 else { return nil }
                bytes += event(1, UInt16(pair[0]), pair[1]) + event(0, 0, 0)
            }
            return .bytes(bytes)
        case ("event", 4):
            let numbers = words.dropFirst().compactMap { Int32($0) }
            guard numbers.count == 3 else { return nil }
            return .bytes(event(UInt16(numbers[0]), UInt16(numbers[1]), numbers[2]))
        default: return nil
        }
    }

    /// `struct input_event` of a 64-bit Linux, with a time that nobody reads.
    static func event(_ type: UInt16, _ code: UInt16, _ value: Int32) -> [UInt8] {
        let number = UInt32(bitPattern: value)
        return [UInt8](repeating: 7, count: 16)
            + [UInt8(type & 0xFF), UInt8(type >> 8), UInt8(code & 0xFF), UInt8(code >> 8)]
            + (0..<4).map { UInt8(number >> (8 * UInt32($0)) & 0xFF) }
    }

    private static func hex(_ text: String) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    /// What a terminal makes of the recording, at the times of the recording.
    func played(_ format: ScanFormat, from source: ScanStream.Source) -> Outcome {
        var stream = ScanStream(format, from: source)
        var outputs: [ScanStream.Output] = []
        var now: UInt64 = 0
        for (at, step) in steps {
            while let deadline = stream.deadlineMilliseconds, deadline <= at {
                outputs += stream.pause(at: deadline)
            }
            now = at
            switch step {
            case .bytes(let bytes): outputs += stream.take(bytes, at: now)
            case .hangUp: outputs += stream.hangUp()
            }
        }
        if let deadline = stream.deadlineMilliseconds { outputs += stream.pause(at: deadline) }
        return Outcome(outputs, format)
    }
}

/// Scans and losses, as `expected.json` has them.
struct Outcome: Codable, Equatable {
    struct Scan: Codable, Equatable {
        let text: String
        var aim: String?
    }

    let scans: [Scan]
    let losses: [String]

    init(_ outputs: [ScanStream.Output], _ format: ScanFormat) {
        var scans: [Scan] = []
        var losses: [String] = []
        for output in outputs {
            switch output {
            case .scan(let raw) where raw.isEnded:
                let reading = ScanReading(raw, format)
                if !reading.text.isEmpty {
                    scans.append(Scan(text: reading.text, aim: reading.aim))
                }
            case .scan: break
            case .loss(let loss): losses.append(loss.rawValue)
            }
        }
        self.scans = scans
        self.losses = losses
    }
}
