import Foundation

/// What an input would be if the scanner were set in a certain way, held against a teach code.
struct TeachCandidate: Hashable, Sendable {
    /// What happened to the letters' case.
    enum Case: String, Hashable, Sendable {
        case kept, swapped, upper, lower

        func applied(to text: String) -> String {
            switch self {
            case .kept: text
            case .swapped: String(text.map(KeyTyping.swapped))
            case .upper: text.uppercased()
            case .lower: text.lowercased()
            }
        }
    }

    /// The keyboard layout of the reading; nil for bytes, and for what the browser made of keys.
    let keyboard: KeyboardLayout?
    let charset: ScanFormat.Charset
    let letterCase: Case
    /// What came before the code's name, the AIM identifier apart.
    let prefix: String
    let aim: String?
    /// What came behind the code's body.
    let suffix: String
    /// What came in the place of GS; nil for codes without one.
    let separator: String?

    /// Holds a reading against a code; nil when the code is not in it.
    init?(
        _ reading: String,
        _ code: TeachCode,
        _ letterCase: Case,
        keyboard: KeyboardLayout?,
        charset: ScanFormat.Charset
    ) {
        let name = letterCase.applied(to: TeachCode.name(code.number))
        guard let found = reading.firstRange(of: name) else { return nil }
        let rest = reading[found.upperBound...]
        if code == .separator {
            let before = letterCase.applied(to: TeachCode.before)
            let after = letterCase.applied(to: TeachCode.after)
            guard rest.hasPrefix(before),
                let end = rest.dropFirst(before.count).firstRange(of: after)
            else { return nil }
            separator = String(rest.dropFirst(before.count)[..<end.lowerBound])
            suffix = String(rest[end.upperBound...])
        } else {
            let body = letterCase.applied(to: code.body)
            guard rest.unicodeScalars.starts(with: body.unicodeScalars) else { return nil }
            separator = nil
            let scalars = rest.unicodeScalars.dropFirst(body.unicodeScalars.count)
            suffix = String(String.UnicodeScalarView(scalars))
        }
        let start = String(reading[..<found.lowerBound])
        let scalars = Array(start.unicodeScalars)
        if scalars.count >= 3, Self.isAim(scalars.suffix(3)) {
            aim = String(String.UnicodeScalarView(scalars.suffix(3)))
            prefix = String(String.UnicodeScalarView(scalars.dropLast(3)))
        } else {
            aim = nil
            prefix = start
        }
        self.keyboard = keyboard
        self.charset = charset
        self.letterCase = letterCase
    }

    private static func isAim(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
        let text = scalars.map(\.value)
        let isLetter = (65...90).contains(text[1]) || (97...122).contains(text[1])
        let isDigit =
            (48...57).contains(text[2]) || (65...90).contains(text[2])
            || (97...122).contains(text[2])
        return text[0] == 0x5D && isLetter && isDigit
    }

    /// Every way in which an input is one of the teach codes.
    static func all(of input: TeachInput) -> [(code: TeachCode, candidates: [TeachCandidate])] {
        TeachCode.all.compactMap { code in
            var candidates: [TeachCandidate] = []
            for (reading, keyboard, charset) in readings(of: input) {
                for letterCase in [Case.kept, .swapped, .upper, .lower] {
                    let candidate = TeachCandidate(
                        reading,
                        code,
                        letterCase,
                        keyboard: keyboard,
                        charset: charset
                    )
                    if let candidate { candidates.append(candidate) }
                }
            }
            return candidates.isEmpty ? nil : (code, candidates)
        }
    }

    /// The texts that an input may stand for, the likeliest first.
    private static func readings(
        of input: TeachInput
    ) -> [(String, KeyboardLayout?, ScanFormat.Charset)] {
        switch input {
        case .raw(let scan) where scan.strokes.isEmpty:
            return texts(of: scan.raw, nil)
        case .raw(let scan):
            return typed(scan.strokes)
        case .page(let keys):
            let asTyped = keys.map(\.text).joined()
            return [(asTyped, nil, .auto)] + typed(keys.compactMap(\.stroke))
        }
    }

    private static func typed(
        _ keys: [TypedKey]
    ) -> [(String, KeyboardLayout?, ScanFormat.Charset)] {
        KeyboardLayout.allCases.flatMap { layout in
            [ScanFormat.Charset.auto, .gb18030].flatMap { charset in
                var format = ScanFormat()
                format.keyboard = layout
                format.charset = charset
                return texts(of: KeyTyping.bytes(of: keys, format), layout)
            }
        }
    }

    private static func texts(
        of bytes: [UInt8],
        _ layout: KeyboardLayout?
    ) -> [(String, KeyboardLayout?, ScanFormat.Charset)] {
        var texts: [(String, KeyboardLayout?, ScanFormat.Charset)] = []
        if let text = String(validating: bytes, as: UTF8.self) {
            texts.append((text, layout, .auto))
        }
        let chinese = String.Encoding(rawValue: 0x8000_0632)
        if texts.isEmpty, let text = String(data: Data(bytes), encoding: chinese) {
            texts.append((text, layout, .gb18030))
        }
        if texts.isEmpty {
            let scalars = bytes.map { Unicode.Scalar($0) }
            texts.append((String(String.UnicodeScalarView(scalars)), layout, .latin1))
        }
        return texts
    }
}

extension KeyTyping {
    /// What keys stand for, all of them together.
    static func bytes(of keys: [TypedKey], _ format: ScanFormat) -> [UInt8] {
        var typing = KeyTyping(format)
        for key in keys {
            switch key {
            case .stroke(let stroke): typing.type(stroke)
            case .number(let number, let digits): typing.type(number: number, digits: digits)
            }
        }
        return typing.bytes
    }
}
