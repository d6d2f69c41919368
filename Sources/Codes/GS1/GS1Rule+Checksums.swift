extension GS1Rule {
    /// Check digits, check pairs and account numbers.
    func checksumBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        switch self {
        case .checkPair: pairBreach(part)
        case .account: accountBreach(part)
        default: digitCheckBreach(part)
        }
    }

    private func digitCheckBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        guard !part.isEmpty else { return GS1RuleBreach(.tooShort, 0..<0) }
        if let breach = Self.digitBreach(part) { return breach }
        // A single digit checks nothing before it, so it must be 0.
        let isRight = part.count == 1 ? part[0] == 48 : CheckDigit.isRight(part)
        return isRight ? nil : GS1RuleBreach(.badCheckDigit, (part.count - 1)..<part.count)
    }

    /// GS1 check character pair (General Specifications, 7.9.5): each character's place in the wide
    /// set, weighed with primes from the right, modulo 1021, written in 32 characters.
    private func pairBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        guard part.count >= 2, part.count - 2 <= Self.primes.count else {
            return GS1RuleBreach(.badCheckPair, 0..<part.count)
        }
        let body = part.dropLast(2)
        var sum = 0
        for (index, byte) in body.enumerated() {
            guard let weight = Self.wide.firstIndex(of: byte) else {
                return GS1RuleBreach(.badCharacter, index..<(index + 1))
            }
            sum += weight * Self.primes[body.count - 1 - index]
        }
        sum %= 1021
        let pair = [Self.pairCharacters[sum / 32], Self.pairCharacters[sum % 32]]
        return Array(part.suffix(2)) == pair
            ? nil : GS1RuleBreach(.badCheckPair, body.count..<part.count)
    }

    private static let wide: [UInt8] = (0x21...0x7A).filter {
        GS1Characters.wide.contains($0)
    }
    private static let pairCharacters = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZ".utf8)
    private static let primes: [Int] = (2...509).filter { number in
        !(2..<number).contains { number.isMultiple(of: $0) }
    }

    /// ISO 13616: letters count from 10 at A; the number with its first four characters moved to
    /// the end leaves 1 when divided by 97.
    private func accountBreach(_ part: [UInt8]) -> GS1RuleBreach? {
        guard part.count >= 4 else { return GS1RuleBreach(.badAccount, 0..<part.count) }
        if GS1Rule.countryLetters.breach(in: Array(part[..<2])) != nil {
            return GS1RuleBreach(.badAccount, 0..<2)
        }
        guard (11...34).contains(part.count) else {
            return GS1RuleBreach(.badAccount, 0..<part.count)
        }
        var remainder = 0
        for index in Array(4..<part.count) + Array(0..<4) {
            switch part[index] {
            case 48...57: remainder = (remainder * 10 + Int(part[index]) - 48) % 97
            case 65...90: remainder = (remainder * 100 + Int(part[index]) - 55) % 97
            default: return GS1RuleBreach(.badAccount, index..<(index + 1))
            }
        }
        return remainder == 1 ? nil : GS1RuleBreach(.badAccount, 2..<4)
    }
}
