/// Finds out how a scanner is set, from what it makes of the teach codes.
///
/// Pure: inputs in, a format and words out. A code may be scanned again; its last scan counts.
public struct TeachLesson: Sendable {
    /// The format that the device was read by before.
    public let old: ScanFormat
    private var inputs: [Int: TeachInput] = [:]
    private var found: [Int: [TeachCandidate]] = [:]
    /// The last input that was no teach code, as far as it can be shown.
    public private(set) var stranger: String?

    public init(_ old: ScanFormat) { self.old = old }

    /// Takes a scan.
    ///
    /// - Returns: the number of the code that it was; nil when it was none.
    @discardableResult
    public mutating func take(_ input: TeachInput) -> Int? {
        let all = TeachCandidate.all(of: input)
        if let (code, candidates) = all.first {
            inputs[code.number] = input
            found[code.number] = candidates
            stranger = nil
            return code.number
        }
        // A code that came whole but for its Chinese or its marks is known by its name.
        if let number = Self.number(in: input) {
            inputs[number] = input
            found[number] = []
            stranger = nil
            return number
        }
        stranger = Self.shown(input)
        return nil
    }

    /// The numbers of the codes that were scanned.
    public var seen: Set<Int> { Set(inputs.keys) }

    /// Whether all codes were scanned.
    public var isComplete: Bool { seen.count == TeachCode.all.count }

    /// The format by which the scanner is to be read, as far as is known.
    public var format: ScanFormat {
        var format = old
        if let first = best(TeachCode.letters.number) {
            format.prefix = first.prefix
            format.suffix = Self.suffix(first.suffix)
            format.aim = first.aim == nil ? .off : .on
            format.isCaseSwapped = first.letterCase == .swapped
            format.keyboard = first.keyboard ?? old.keyboard
        }
        if let middle = best(TeachCode.separator.number)?.separator {
            format.gsTexts = middle.isEmpty || middle == "\u{1D}" ? [] : [middle]
            format.gsKeys = [.controlBracket, .f8, .alt029]
        }
        if let chinese = best(TeachCode.chinese.number) { format.charset = chinese.charset }
        return format
    }

    /// Whether a scanner that types into the page is read by the places of its keys.
    public var isByPlace: Bool {
        best(TeachCode.letters.number)?.keyboard != nil
            || best(TeachCode.marks.number)?.keyboard != nil
    }

    /// What was found, in the order of the codes.
    public var findings: [TeachFinding] {
        lettersFindings + separatorFindings + marksFindings + chineseFindings
    }

    // MARK: Which reading is right

    /// The readings of a code that agree best with those of the others.
    private func best(_ number: Int) -> TeachCandidate? {
        guard let candidates = found[number] else { return nil }
        let layouts = commonLayouts
        return candidates.first { layouts.contains($0.keyboard) } ?? candidates.first
    }

    /// The layouts by which all codes that were scanned can be read, the likeliest first.
    private var commonLayouts: [KeyboardLayout?] {
        let all: [KeyboardLayout?] = [nil] + KeyboardLayout.allCases.map(Optional.some)
        let read = found.values.filter { !$0.isEmpty }
        let common = all.filter { layout in
            read.allSatisfy { $0.contains { $0.keyboard == layout } }
        }
        return common.isEmpty ? all : Array(common.prefix(1))
    }

    private static func number(in input: TeachInput) -> Int? {
        let text = shown(input).uppercased()
        return TeachCode.all.first { text.contains(TeachCode.name($0.number)) }?.number
    }

    /// An input as a person can read it, control characters as their names.
    private static func shown(_ input: TeachInput) -> String {
        let text =
            switch input {
            case .raw(let scan): ScanReading(bytes: scan.raw, ScanFormat()).text
            case .page(let keys): keys.map(\.text).joined()
            }
        return visible(String(text.prefix(80)))
    }

    /// A text with its control characters as names: `<GS>`, `<CR>`.
    static func visible(_ text: String) -> String {
        let names: [UInt32: String] = [
            0x04: "EOT", 0x02: "STX", 0x03: "ETX", 0x09: "TAB", 0x0A: "LF", 0x0D: "CR",
            0x1C: "FS", 0x1D: "GS", 0x1E: "RS", 0x1F: "US",
        ]
        return text.unicodeScalars.map { scalar in
            if let name = names[scalar.value] { return "<\(name)>" }
            return scalar.value < 0x20 ? "<\(scalar.value)>" : String(scalar)
        }
        .joined()
    }

    /// What ends a scan; line ends of any kind are one.
    private static func suffix(_ text: String) -> String {
        text == "\r\n" || text == "\n" ? "\r" : text
    }
}

// MARK: - In words

extension TeachLesson {
    private var lettersFindings: [TeachFinding] {
        guard inputs[TeachCode.letters.number] != nil else { return [] }
        guard let letters = best(TeachCode.letters.number) else {
            return [TeachFinding("letters_lost", .wrong)]
        }
        var findings: [TeachFinding] = []
        switch Self.suffix(letters.suffix) {
        case "\r": findings.append(TeachFinding("suffix_enter", .good))
        case "\t": findings.append(TeachFinding("suffix_tab", .good))
        case "": findings.append(TeachFinding("suffix_none", .mapped))
        case let text:
            findings.append(TeachFinding("suffix_text", .mapped, ["text": Self.visible(text)]))
        }
        findings.append(
            letters.prefix.isEmpty
                ? TeachFinding("prefix_none", .good)
                : TeachFinding("prefix_text", .mapped, ["text": Self.visible(letters.prefix)])
        )
        findings.append(
            letters.aim.map { TeachFinding("aim_on", .good, ["aim": $0]) }
                ?? TeachFinding("aim_off", .mapped)
        )
        switch letters.letterCase {
        case .kept: findings.append(TeachFinding("case_kept", .good))
        case .swapped: findings.append(TeachFinding("case_swapped", .mapped))
        case .upper: findings.append(TeachFinding("case_upper", .wrong))
        case .lower: findings.append(TeachFinding("case_lower", .wrong))
        }
        return findings
    }

    private var separatorFindings: [TeachFinding] {
        guard inputs[TeachCode.separator.number] != nil else { return [] }
        guard let middle = best(TeachCode.separator.number)?.separator, !middle.isEmpty else {
            return [TeachFinding("gs_lost", .wrong)]
        }
        if middle == "\u{1D}" { return [TeachFinding("gs_kept", .good)] }
        let isPlain = middle.count == 1 && middle.allSatisfy { $0.isLetter || $0.isNumber }
        // A letter that stands for GS would be taken out of every code that has it.
        return [
            TeachFinding(
                isPlain ? "gs_letter" : "gs_text",
                isPlain ? .wrong : .mapped,
                ["text": Self.visible(middle)]
            )
        ]
    }

    private var marksFindings: [TeachFinding] {
        guard inputs[TeachCode.marks.number] != nil else { return [] }
        guard let marks = best(TeachCode.marks.number) else {
            return [TeachFinding("layout_unknown", .wrong)]
        }
        guard let keyboard = marks.keyboard, keyboard != .us || isPage else {
            return [TeachFinding("layout_kept", .good)]
        }
        return [TeachFinding("layout_mapped", .mapped, ["layout": keyboard.rawValue])]
    }

    private var isPage: Bool {
        inputs.values.contains { input in
            if case .page = input { true } else { false }
        }
    }

    private var chineseFindings: [TeachFinding] {
        guard inputs[TeachCode.chinese.number] != nil else { return [] }
        guard let chinese = best(TeachCode.chinese.number) else {
            return [TeachFinding("chinese_lost", .wrong)]
        }
        return [
            chinese.charset == .gb18030
                ? TeachFinding("chinese_gb", .mapped) : TeachFinding("chinese_kept", .good)
        ]
    }
}
