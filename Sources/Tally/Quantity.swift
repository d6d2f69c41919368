/// A unit of measure by its UN/ECE Recommendation 20 common code: `H87` piece, `KGM` kilogram,
/// `MTR` metre, `LTR` litre, `MPA` megapascal, `CEL` degree Celsius, `P1` per cent, `HUR` hour.
public struct Unit: Hashable, Comparable, Sendable {
    public let code: String

    /// Takes 1 to 3 upper-case ASCII letters or digits; nil for anything else.
    public init?(_ code: String) {
        let allowed = code.utf8.allSatisfy { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (1...3).contains(code.utf8.count), allowed else { return nil }
        self.code = code
    }

    private init(known code: String) { self.code = code }

    public static let piece = Unit(known: "H87")

    public static func < (one: Unit, other: Unit) -> Bool { one.code < other.code }
}

/// An exact decimal number with its unit: `amount × 10^-scale unit`.
///
/// Always in lowest terms (1.50 is 15 with scale 1), so that equal quantities have equal bytes.
public struct Quantity: Hashable, Sendable {
    /// Digits after the decimal point that a quantity can have.
    public static let scaleMax: UInt8 = 9

    public let amount: Int64
    /// Digits after the decimal point, 0...9.
    public let scale: UInt8
    public let unit: Unit

    /// The quantity in lowest terms; nil when `scale` is over ``scaleMax``.
    public init?(amount: Int64, scale: UInt8 = 0, unit: Unit) {
        guard scale <= Self.scaleMax else { return nil }
        var amount = amount
        var scale = scale
        while scale > 0, amount.isMultiple(of: 10) {
            amount /= 10
            scale -= 1
        }
        self.amount = amount
        self.scale = scale
        self.unit = unit
    }

    /// A count of whole things.
    public init(count: Int64, unit: Unit = .piece) {
        amount = count
        scale = 0
        self.unit = unit
    }

    /// Reads plain decimal text such as `40`, `-0.42` or `1.5`; nil for anything else, and for
    /// numbers that do not fit 64 bits.
    public init?(text: String, unit: Unit) {
        let negative = text.hasPrefix("-")
        let parts = text.dropFirst(negative ? 1 : 0)
            .split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
            parts.joined().utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard fraction.utf8.count <= Int(Self.scaleMax),
            let amount = Int64((negative ? "-" : "") + parts[0] + fraction)
        else { return nil }
        self.init(amount: amount, scale: UInt8(fraction.utf8.count), unit: unit)
    }

    /// The sum; nil when the units differ or it does not fit 64 bits.
    public func adding(_ other: Quantity) -> Quantity? {
        guard let (one, two, scale) = aligned(with: other) else { return nil }
        let (sum, overflow) = one.addingReportingOverflow(two)
        return overflow ? nil : Quantity(amount: sum, scale: scale, unit: unit)
    }

    /// The difference; nil when the units differ or it does not fit 64 bits.
    public func subtracting(_ other: Quantity) -> Quantity? {
        guard let (one, two, scale) = aligned(with: other) else { return nil }
        let (difference, overflow) = one.subtractingReportingOverflow(two)
        return overflow ? nil : Quantity(amount: difference, scale: scale, unit: unit)
    }

    /// Whether this is less than `other`; nil when the units differ or the comparison does not
    /// fit 64 bits.
    public func isLess(than other: Quantity) -> Bool? {
        aligned(with: other).map { one, two, _ in one < two }
    }

    private func aligned(with other: Quantity) -> (Int64, Int64, UInt8)? {
        guard unit == other.unit else { return nil }
        let scale = max(scale, other.scale)
        guard let one = raised(to: scale), let two = other.raised(to: scale) else { return nil }
        return (one, two, scale)
    }

    private func raised(to target: UInt8) -> Int64? {
        var value = amount
        for _ in scale..<target {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
        }
        return value
    }
}

extension Quantity: CustomStringConvertible {
    /// The number alone, in plain decimal text: `-0.42`.
    public var number: String {
        guard scale > 0 else { return String(amount) }
        let digits = String(amount.magnitude)
        let padded = String(repeating: "0", count: max(0, Int(scale) + 1 - digits.count)) + digits
        let (whole, fraction) = (padded.dropLast(Int(scale)), padded.suffix(Int(scale)))
        return (amount < 0 ? "-" : "") + whole + "." + fraction
    }

    /// The number and the unit's code: `40 H87`.
    public var description: String { "\(number) \(unit.code)" }
}
