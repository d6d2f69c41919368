import Tally

/// An exact decimal number of an expression: `amount × 10^-scale`, always in lowest terms.
///
/// Sums, differences and products are exact; a quotient, and a product with more than nine digits
/// after the point, is rounded to nine, halves away from zero. What does not fit is no number.
struct ExactNumber: Hashable, Comparable, Sendable {
    static let zero = ExactNumber(0)

    private let amount: Int64
    /// Digits after the point, 0 to 9.
    private let scale: Int

    init(_ whole: Int64) {
        amount = whole
        scale = 0
    }

    init(_ quantity: Quantity) {
        amount = quantity.amount
        scale = Int(quantity.scale)
    }

    /// Reads plain decimal text; nil for anything else.
    init?(_ text: String) {
        guard let quantity = Quantity(text: text, unit: .piece) else { return nil }
        self.init(quantity)
    }

    /// `amount × 10^-scale`, brought to at most nine digits; nil when it does not fit.
    private init?(_ amount: Int128, scale: Int) {
        let most = Int(Quantity.scaleMax)
        var amount = scale > most ? Self.divide(amount, by: Self.ten(scale - most)) : amount
        var scale = min(scale, most)
        while scale > 0, amount.isMultiple(of: 10) {
            amount /= 10
            scale -= 1
        }
        guard let fitting = Int64(exactly: amount) else { return nil }
        self.amount = fitting
        self.scale = scale
    }

    /// In plain decimal text: `-0.42`.
    var text: String { quantity(.piece)?.number ?? "" }

    /// The number in a unit; it always fits, since the scales are the same.
    func quantity(_ unit: Unit) -> Quantity? {
        Quantity(amount: amount, scale: UInt8(scale), unit: unit)
    }

    static func < (one: ExactNumber, other: ExactNumber) -> Bool {
        let (left, right, _) = one.aligned(with: other)
        return left < right
    }

    // MARK: - Arithmetic

    func adding(_ other: ExactNumber) -> ExactNumber? {
        let (left, right, scale) = aligned(with: other)
        return ExactNumber(left + right, scale: scale)
    }

    func subtracting(_ other: ExactNumber) -> ExactNumber? {
        let (left, right, scale) = aligned(with: other)
        return ExactNumber(left - right, scale: scale)
    }

    func times(_ other: ExactNumber) -> ExactNumber? {
        ExactNumber(Int128(amount) * Int128(other.amount), scale: scale + other.scale)
    }

    /// The quotient, rounded to nine digits; nil for a division by zero.
    func divided(by other: ExactNumber) -> ExactNumber? {
        guard other.amount != 0 else { return nil }
        let most = Int(Quantity.scaleMax)
        // The greatest value here is 2^63 × 10^18, which 127 bits hold.
        let quotient = Self.divide(
            Int128(amount) * Self.ten(most + other.scale),
            by: Int128(other.amount) * Self.ten(scale)
        )
        return ExactNumber(quotient, scale: most)
    }

    /// What a division leaves, with the sign of this number; nil for a division by zero.
    func remainder(by other: ExactNumber) -> ExactNumber? {
        let (left, right, scale) = aligned(with: other)
        return right == 0 ? nil : ExactNumber(left % right, scale: scale)
    }

    /// Rounded to `digits` after the point, 0 to 9, halves away from zero.
    func rounded(to digits: Int) -> ExactNumber? {
        guard digits < scale else { return self }
        let kept = Self.divide(Int128(amount), by: Self.ten(scale - digits))
        return ExactNumber(kept, scale: digits)
    }

    /// Without what stands after the point.
    var truncated: ExactNumber { ExactNumber(amount / Int64(Self.ten(scale))) }

    /// The number as a count; nil when it is not whole.
    var whole: Int? { scale == 0 ? Int(amount) : nil }

    private func aligned(with other: ExactNumber) -> (Int128, Int128, Int) {
        let common = max(scale, other.scale)
        return (
            Int128(amount) * Self.ten(common - scale),
            Int128(other.amount) * Self.ten(common - other.scale), common
        )
    }

    private static func ten(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(1) { product, _ in product * 10 }
    }

    private static func divide(_ amount: Int128, by divisor: Int128) -> Int128 {
        let (quotient, rest) = amount.quotientAndRemainder(dividingBy: divisor)
        guard rest.magnitude * 2 >= divisor.magnitude else { return quotient }
        return quotient + (amount.signum() == divisor.signum() ? 1 : -1)
    }
}
