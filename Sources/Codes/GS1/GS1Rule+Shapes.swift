extension GS1Rule {
    /// Rules that look at the characters alone.
    func shapeBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        switch self {
        case .percent: percentBreach(part)
        case .piece: pieceBreach(part)
        case .sequence: sequenceBreach(part)
        case .yesOrNo: oneOf("01", part, .notYesOrNo)
        case .winding: oneOf("019", part, .badWinding)
        case .sex: oneOf("0129", part, .badSex)
        case .importer:
            oneOf(
                "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
                part,
                .badImporter
            )
        case .zero: all("0", part, .badZero)
        case .hyphen: all("-", part, .notHyphen)
        case .noLeadingZero:
            part.first == UInt8(ascii: "0")
                ? GS1RuleBreach(.badZero, 0..<1) : Self.digitBreach(part)
        case .letter:
            Self.digitBreach(part) == nil ? GS1RuleBreach(.digitsOnly, 0..<part.count) : nil
        default: nonzeroBreach(part)
        }
    }

    private func oneOf(_ allowed: String, _ part: [UInt8], _ fault: GS1Fault) -> GS1RuleBreach? {
        part.count == 1 && allowed.utf8.contains(part[0])
            ? nil : GS1RuleBreach(fault, 0..<part.count)
    }

    private func all(_ wanted: Unicode.Scalar, _ part: [UInt8], _ fault: GS1Fault) -> GS1RuleBreach?
    {
        !part.isEmpty && part.allSatisfy { $0 == UInt8(ascii: wanted) }
            ? nil : GS1RuleBreach(fault, 0..<part.count)
    }

    private func nonzeroBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        if let breach = Self.digitBreach(part) { return breach }
        return part.allSatisfy { $0 == UInt8(ascii: "0") }
            ? GS1RuleBreach(.badZero, 0..<part.count) : nil
    }

    private func percentBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        var index = 0
        while index < part.count {
            guard part[index] == UInt8(ascii: "%") else {
                index += 1
                continue
            }
            let end = min(index + 3, part.count)
            let digits = part[(index + 1)..<end]
            guard digits.count == 2, digits.allSatisfy(Self.isHexadecimal) else {
                return GS1RuleBreach(.badPercent, index..<end)
            }
            index = end
        }
        return nil
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "a")...UInt8(ascii: "f"):
            true
        default: false
        }
    }

    /// `0203`: the second of three pieces.
    private func pieceBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        if let breach = Self.digitBreach(part) { return breach }
        guard !part.isEmpty, part.count.isMultiple(of: 2) else {
            return GS1RuleBreach(.badPiece, 0..<part.count)
        }
        let half = part.count / 2
        let (piece, total) = (part[..<half], part[half...])
        let isZero: (ArraySlice<UInt8>) -> Bool = { $0.allSatisfy { $0 == UInt8(ascii: "0") } }
        if isZero(piece) { return GS1RuleBreach(.badPiece, 0..<half) }
        if isZero(total) { return GS1RuleBreach(.badPiece, half..<part.count) }
        return total.lexicographicallyPrecedes(piece)
            ? GS1RuleBreach(.badPiece, 0..<part.count) : nil
    }

    /// `1/3`: the first of three.
    private func sequenceBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        let whole = 0..<part.count
        let numbers = part.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard numbers.count == 2, numbers.allSatisfy({ !$0.isEmpty }),
            numbers.allSatisfy({ Self.digitBreach(Array($0)) == nil })
        else { return GS1RuleBreach(.badSequence, whole) }
        for number in numbers where number.first == UInt8(ascii: "0") {
            return GS1RuleBreach(.badZero, number.startIndex..<number.endIndex)
        }
        let (position, end) = (numbers[0], numbers[1])
        let isBeyond =
            position.count == end.count
            ? end.lexicographicallyPrecedes(position) : position.count > end.count
        return isBeyond ? GS1RuleBreach(.badSequence, whole) : nil
    }
}
