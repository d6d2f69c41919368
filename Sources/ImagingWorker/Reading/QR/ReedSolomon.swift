/// Corrects codewords over the field of 256 elements that QR codes use.
///
/// ISO/IEC 18004: x⁸ + x⁴ + x³ + x² + 1, roots from α⁰.
enum ReedSolomon {
    private static let powers: [UInt8] = {
        var powers = [UInt8](repeating: 0, count: 512)
        var value = 1
        for index in 0..<255 {
            powers[index] = UInt8(value)
            powers[index + 255] = UInt8(value)
            value <<= 1
            if value > 255 { value ^= 0x11D }
        }
        powers[510] = powers[0]
        powers[511] = powers[1]
        return powers
    }()

    private static let logarithms: [Int] = {
        var logarithms = [Int](repeating: 0, count: 256)
        for index in 0..<255 { logarithms[Int(powers[index])] = index }
        return logarithms
    }()

    private static func multiply(_ a: UInt8, _ b: UInt8) -> UInt8 {
        guard a != 0, b != 0 else { return 0 }
        return powers[logarithms[Int(a)] + logarithms[Int(b)]]
    }

    private static func divide(_ a: UInt8, _ b: UInt8) -> UInt8 {
        guard a != 0 else { return 0 }
        return powers[logarithms[Int(a)] + 255 - logarithms[Int(b)]]
    }

    /// Corrects a block in place.
    ///
    /// - Parameters:
    ///   - block: data, then `checkCount` check codewords.
    ///   - checkCount: how many of them check.
    ///   - erased: places that are known to be doubtful; each costs half of an unknown error.
    ///   - reserve: check codewords that are kept from correcting, so that a wrong block is seen.
    /// - Returns: how many codewords were wrong; nil when more than can be corrected.
    static func correct(
        _ block: inout [UInt8],
        checkCount: Int,
        erased: [Int] = [],
        reserve: Int
    ) -> Int? {
        guard erased.count <= checkCount - reserve else { return nil }
        let syndromes = syndromes(block, checkCount)
        if syndromes.allSatisfy({ $0 == 0 }) { return 0 }
        let locator = locator(syndromes, checkCount, erased.map { block.count - 1 - $0 })
        let degree = locator.count - 1
        let unknown = degree - erased.count
        guard unknown >= 0, 2 * unknown + erased.count <= checkCount - reserve else { return nil }
        guard let places = roots(locator, block.count), places.count == degree else { return nil }
        repair(&block, syndromes, locator, places)
        return Self.syndromes(block, checkCount).allSatisfy({ $0 == 0 }) ? degree : nil
    }

    private static func syndromes(_ block: [UInt8], _ count: Int) -> [UInt8] {
        (0..<count).map { root in
            var sum: UInt8 = 0
            if root == 0 {
                for codeword in block { sum ^= codeword }
                return sum
            }
            for codeword in block {
                sum = (sum == 0 ? 0 : powers[logarithms[Int(sum)] + root]) ^ codeword
            }
            return sum
        }
    }

    /// The polynomial whose roots tell the wrong places (Berlekamp and Massey, started from the
    /// places that are given), lowest power first.
    private static func locator(
        _ syndromes: [UInt8],
        _ checkCount: Int,
        _ erased: [Int]
    ) -> [UInt8] {
        var locator: [UInt8] = [1]
        for place in erased {
            let root = powers[place % 255]
            var next = locator + [0]
            for index in locator.indices { next[index + 1] ^= multiply(locator[index], root) }
            locator = next
        }
        var previous = locator
        var length = erased.count
        var gap = 1
        var lastGap: UInt8 = 1
        for step in erased.count..<checkCount {
            var delta = syndromes[step]
            for index in 1..<max(1, locator.count) where index <= step {
                delta ^= multiply(locator[index], syndromes[step - index])
            }
            guard delta != 0 else {
                gap += 1
                continue
            }
            let factor = divide(delta, lastGap)
            let before = locator
            if locator.count < previous.count + gap {
                locator += [UInt8](repeating: 0, count: previous.count + gap - locator.count)
            }
            for index in previous.indices {
                locator[index + gap] ^= multiply(factor, previous[index])
            }
            if 2 * length <= step + erased.count {
                length = step + 1 + erased.count - length
                previous = before
                lastGap = delta
                gap = 1
            } else {
                gap += 1
            }
        }
        while locator.count > 1, locator.last == 0 { locator.removeLast() }
        return locator
    }

    /// The powers whose inverses are roots, if there are as many as there should be.
    private static func roots(_ locator: [UInt8], _ count: Int) -> [Int]? {
        let degree = locator.count - 1
        var places: [Int] = []
        for place in 0..<count {
            var sum: UInt8 = 0
            let inverse = (255 - place % 255) % 255
            for index in locator.indices where locator[index] != 0 {
                sum ^= powers[(logarithms[Int(locator[index])] + inverse * index) % 255]
            }
            if sum == 0 { places.append(place) }
            if places.count > degree { return nil }
        }
        return places
    }

    /// Sets the wrong codewords right (Forney).
    private static func repair(
        _ block: inout [UInt8],
        _ syndromes: [UInt8],
        _ locator: [UInt8],
        _ places: [Int]
    ) {
        var evaluator = [UInt8](repeating: 0, count: syndromes.count)
        for index in syndromes.indices {
            for other in 0...min(index, locator.count - 1) {
                evaluator[index] ^= multiply(locator[other], syndromes[index - other])
            }
        }
        func value(_ polynomial: [UInt8], _ logarithm: Int) -> UInt8 {
            var sum: UInt8 = 0
            for index in polynomial.indices where polynomial[index] != 0 {
                sum ^= powers[(logarithms[Int(polynomial[index])] + logarithm * index) % 255]
            }
            return sum
        }
        for place in places {
            let inverse = (255 - place % 255) % 255
            var slope: UInt8 = 0
            for index in stride(from: 1, to: locator.count, by: 2) where locator[index] != 0 {
                let power = logarithms[Int(locator[index])] + inverse * (index - 1)
                slope ^= powers[power % 255]
            }
            guard slope != 0 else { continue }
            let numerator = multiply(value(evaluator, inverse), powers[place % 255])
            block[block.count - 1 - place] ^= divide(numerator, slope)
        }
    }
}
