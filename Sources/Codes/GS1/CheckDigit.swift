/// GS1's modulo-10 check digit (GS1 General Specifications, 7.9).
public enum CheckDigit {
    /// Whether the last of these ASCII digits is the check digit of those before it.
    ///
    /// - Parameter digits: GTIN, SSCC, GLN and so on, of any length from 2 up.
    /// - Returns: false also when a character is not a digit.
    public static func isRight(_ digits: some Collection<UInt8>) -> Bool {
        let values = digits.map { Int($0) - 48 }
        guard values.count > 1, values.allSatisfy((0...9).contains) else { return false }
        return value(of: values.dropLast()) == values[values.count - 1]
    }

    /// The check digit for these digits: weights 3, 1, 3 … from the right.
    private static func value(of digits: ArraySlice<Int>) -> Int {
        var sum = 0
        for (index, digit) in digits.reversed().enumerated() {
            sum += digit * (index.isMultiple(of: 2) ? 3 : 1)
        }
        return (10 - sum % 10) % 10
    }
}
