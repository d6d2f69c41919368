import Imaging

/// A scan as a device gave it, and what it means as text.
public struct RawScan: Hashable, Sendable {
    /// What came, wrapping and all, as bytes; keys as they were typed on the format's keyboard.
    public let raw: [UInt8]
    /// The keys, for a device that types; else empty.
    public let strokes: [TypedKey]
    /// Whether the suffix ended it, or a pause.
    public let isEnded: Bool

    public init(raw: [UInt8], strokes: [TypedKey] = [], isEnded: Bool) {
        self.raw = raw
        self.strokes = strokes
        self.isEnded = isEnded
    }
}

/// A key, or a number typed with Alt held.
public enum TypedKey: Hashable, Sendable {
    case stroke(KeyStroke)
    case number(Int, digits: Int)
}

/// Why bytes of a device were thrown away.
public enum ScanLoss: String, Hashable, Sendable, CaseIterable {
    /// Longer than any code.
    case tooLong = "too_long"
    /// The end never came: cut off, or the suffix is another one.
    case unfinished
    /// The operating system lost events.
    case eventsLost = "events_lost"
    /// A file or picture without anything that could be read.
    case unreadable
    /// Too many a second.
    case tooMany = "too_many"
}

/// Finds scans in what a device sends; pure: bytes and times in, scans out.
///
/// Holds at most ``bytesMax`` bytes, whatever comes.
public struct ScanStream: Sendable {
    /// What came out.
    public enum Output: Hashable, Sendable {
        case scan(RawScan)
        case loss(ScanLoss)
    }

    /// What kind of device sends.
    public enum Source: Hashable, Sendable {
        case bytes
        /// `struct input_event` of a 64-bit Linux.
        case inputEvents
    }

    /// The longest scan: more than any code holds, and what the page takes.
    public static let bytesMax = 4096
    /// A scan with a suffix is given up after so long without a byte.
    static let patienceMilliseconds: UInt64 = 1000

    public let format: ScanFormat
    private var decoder: any Units
    private var raw: [UInt8] = []
    private var strokes: [TypedKey] = []
    private var isFlooded = false
    private var swallowsNewline = false
    private var lastMilliseconds: UInt64 = 0
    private var suffix: [UInt8]

    public init(_ format: ScanFormat, from source: Source) {
        self.format = format
        suffix = Array(format.suffix.utf8)
        decoder = source == .bytes ? PlainBytes() : InputEvents(format)
    }

    /// When ``pause(at:)`` is due; nil while nothing waits.
    public var deadlineMilliseconds: UInt64? {
        guard isFlooded || !raw.isEmpty || !strokes.isEmpty else { return nil }
        return lastMilliseconds + patience
    }

    private var patience: UInt64 {
        suffix.isEmpty ? UInt64(max(1, format.gapMilliseconds)) : Self.patienceMilliseconds
    }

    /// Takes what came.
    ///
    /// What a suffix ends is not ended by the time between two readings of a busy machine: whoever
    /// reads says ``pause(at:)`` when it looked and found nothing.
    ///
    /// - Parameters:
    ///   - bytes: in the order in which they came, cut anywhere.
    ///   - now: milliseconds of any clock that does not go back.
    /// - Returns: what that completed, in order.
    public mutating func take(_ bytes: some Sequence<UInt8>, at now: UInt64) -> [Output] {
        var output = suffix.isEmpty ? pause(at: now) : []
        lastMilliseconds = now
        for byte in bytes {
            switch decoder.take(byte) {
            case .nothing: break
            case .bytes(let units, let stroke): put(units, stroke, &output)
            case .lost:
                drop()
                output.append(.loss(.eventsLost))
            }
        }
        return output
    }

    /// Ends what waited long enough.
    public mutating func pause(at now: UInt64) -> [Output] {
        guard let deadline = deadlineMilliseconds, now >= deadline else { return [] }
        defer { drop() }
        if isFlooded || raw.isEmpty { return [] }
        if suffix.isEmpty {
            return [.scan(RawScan(raw: raw, strokes: strokes, isEnded: true))]
        }
        return [
            .scan(RawScan(raw: raw, strokes: strokes, isEnded: false)), .loss(.unfinished),
        ]
    }

    /// The device is gone: what it began is no scan.
    public mutating func hangUp() -> [Output] {
        defer {
            drop()
            decoder.reset()
        }
        return isFlooded || raw.isEmpty ? [] : [.loss(.unfinished)]
    }

    private mutating func drop() {
        raw.removeAll(keepingCapacity: raw.capacity <= Self.bytesMax * 2)
        strokes.removeAll(keepingCapacity: strokes.capacity <= Self.bytesMax * 2)
        isFlooded = false
        decoder.clear()
    }

    private mutating func put(_ units: [UInt8], _ stroke: TypedKey?, _ output: inout [Output]) {
        if let stroke, !isFlooded, strokes.count < Self.bytesMax * 2 { strokes.append(stroke) }
        for byte in units {
            if byte == 0x0A, swallowsNewline {
                swallowsNewline = false
                continue
            }
            swallowsNewline = false
            raw.append(byte)
            let count = endCount
            if count > 0 {
                end(count, &output)
            } else if raw.count > Self.bytesMax {
                if !isFlooded { output.append(.loss(.tooLong)) }
                isFlooded = true
                strokes.removeAll()
                raw.removeFirst(raw.count - max(1, suffix.count))
            }
        }
    }

    /// How many bytes at the end are the suffix; 0 while it has not come.
    private var endCount: Int {
        guard let last = raw.last, !suffix.isEmpty else { return 0 }
        if suffix == [0x0D] || suffix == [0x0A] { return last == 0x0D || last == 0x0A ? 1 : 0 }
        return raw.count >= suffix.count && raw.suffix(suffix.count).elementsEqual(suffix)
            ? suffix.count : 0
    }

    private mutating func end(_ count: Int, _ output: inout [Output]) {
        swallowsNewline = raw.last == 0x0D && suffix != [0x0D, 0x0A]
        if !isFlooded, raw.count > count {
            output.append(.scan(RawScan(raw: raw, strokes: strokes, isEnded: true)))
        }
        drop()
    }
}

/// From the bytes of a device to the bytes of scans.
private protocol Units: Sendable {
    mutating func take(_ byte: UInt8) -> UnitStep
    /// A scan ended.
    mutating func clear()
    /// The device is another one.
    mutating func reset()
}

private enum UnitStep {
    case nothing
    case bytes([UInt8], TypedKey?)
    case lost
}

private struct PlainBytes: Units {
    func take(_ byte: UInt8) -> UnitStep { .bytes([byte], nil) }
    mutating func clear() {}
    mutating func reset() {}
}

/// Reads `struct input_event` (linux/input.h, 64-bit): 16 bytes of time, then type, code, value.
private struct InputEvents: Units {
    private static let byteCount = 24
    private static let syn: UInt16 = 0
    private static let key: UInt16 = 1
    private static let synDropped: UInt16 = 3

    private let format: ScanFormat
    private var event: [UInt8] = []
    private var typing: KeyTyping
    private var held: Set<UInt16> = []
    private var alternateNumber: (number: Int, digits: Int)?

    init(_ format: ScanFormat) {
        self.format = format
        typing = KeyTyping(format)
    }

    mutating func clear() { typing.clear() }

    mutating func reset() {
        event = []
        held = []
        alternateNumber = nil
        typing = KeyTyping(format)
    }

    mutating func take(_ byte: UInt8) -> UnitStep {
        event.append(byte)
        guard event.count == Self.byteCount else { return .nothing }
        defer { event.removeAll(keepingCapacity: true) }
        let type = UInt16(event[16]) | UInt16(event[17]) << 8
        let code = UInt16(event[18]) | UInt16(event[19]) << 8
        if type == Self.syn, code == Self.synDropped {
            // input-event-codes: what was held is unknown now, and so is the scan at hand.
            held = []
            alternateNumber = nil
            return .lost
        }
        guard type == Self.key else { return .nothing }
        switch event[20] {
        case 0: return release(code)
        case 1: return press(code)
        default: return .nothing  // the kernel repeats a held key
        }
    }

    private mutating func press(_ code: UInt16) -> UnitStep {
        held.insert(code)
        let stroke = KeyStroke(
            code: code,
            shift: held.contains(42) || held.contains(54),
            control: held.contains(29) || held.contains(97),
            alt: held.contains(56),
            alternate: held.contains(100)
        )
        if [42, 54, 29, 97, 56, 100, 125, 126].contains(code) { return .nothing }
        if stroke.alt, let digit = stroke.keypadDigit {
            let (number, digits) = alternateNumber ?? (0, 0)
            // Five digits are the longest that stand for something.
            alternateNumber = (min(number * 10 + digit, 9_999_999), digits + 1)
            return .nothing
        }
        return give(.stroke(stroke)) { $0.type(stroke) }
    }

    private mutating func release(_ code: UInt16) -> UnitStep {
        held.remove(code)
        guard code == 56, let (number, digits) = alternateNumber else { return .nothing }
        alternateNumber = nil
        return give(.number(number, digits: digits)) { $0.type(number: number, digits: digits) }
    }

    private mutating func give(_ key: TypedKey, _ type: (inout KeyTyping) -> Void) -> UnitStep {
        type(&typing)
        return .bytes(typing.take(), key)
    }
}
