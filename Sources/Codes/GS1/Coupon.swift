/// Reads coupon data field by field: *North American Coupon Application Guideline Using GS1
/// DataBar Expanded Symbols* (AI 8110) and *GS1 AI (8112) Coupon Data Specification*.
struct Coupon {
    private let digits: [UInt8]
    private var next = 0

    private var isAtEnd: Bool { next == digits.count }

    /// Reads the whole of `part`.
    static func breach(
        in part: [UInt8],
        _ read: (inout Coupon) throws(GS1RuleBreach) -> Void
    ) -> GS1RuleBreach? {
        if let breach = GS1Rule.digitBreach(part) { return breach }
        var coupon = Coupon(digits: part)
        do {
            try read(&coupon)
        } catch {
            return error
        }
        return coupon.isAtEnd ? nil : GS1RuleBreach(.badCoupon, coupon.next..<part.count)
    }

    /// Company prefix, offer, save value, one to three purchases, dates, serial number, retailer,
    /// flags; all behind the first purchase may be left out.
    static func readPaper(_ coupon: inout Coupon) throws(GS1RuleBreach) {
        try coupon.skip(6 + coupon.one(of: 0...6))
        try coupon.skip(6)
        try coupon.skip(coupon.one(of: 1...5))
        try coupon.readPurchase(hasCompany: false)
        if coupon.takes(field: 1) {
            _ = try coupon.one(of: 0...3)
            try coupon.readPurchase(hasCompany: true)
        }
        if coupon.takes(field: 2) { try coupon.readPurchase(hasCompany: true) }
        try coupon.readDates()
        if coupon.takes(field: 5) { try coupon.skip(6 + coupon.one(of: 0...9)) }
        if coupon.takes(field: 6) { try coupon.skip(6 + coupon.one(of: 1...7)) }
        if coupon.takes(field: 9) {
            _ = try coupon.one(of: 0...2, or: 5...6)
            _ = try coupon.one(of: 0...2)
            _ = try coupon.one(of: 0...9)
            _ = try coupon.one(of: 0...1)
        }
    }

    /// Format, funder, offer, serial number.
    static func readOffer(_ coupon: inout Coupon) throws(GS1RuleBreach) {
        _ = try coupon.one(of: 0...1)
        try coupon.skip(6 + coupon.one(of: 0...6))
        try coupon.skip(6)
        try coupon.skip(6 + coupon.one(of: 0...9))
    }

    private init(digits: [UInt8]) { self.digits = digits }

    /// Requirement, its code, the family, and perhaps whose it is.
    private mutating func readPurchase(hasCompany: Bool) throws(GS1RuleBreach) {
        try skip(one(of: 1...5))
        _ = try one(of: 0...4, or: 9...9)
        try skip(3)
        guard hasCompany else { return }
        let count = try one(of: 0...6, or: 9...9)
        if count != 9 { try skip(6 + count) }
    }

    private mutating func readDates() throws(GS1RuleBreach) {
        var expiry: [UInt8]?
        if takes(field: 3) { expiry = try date() }
        guard takes(field: 4) else { return }
        let start = try date()
        if let expiry, expiry.lexicographicallyPrecedes(start) {
            // Both dates, each with the digit that announces it.
            throw GS1RuleBreach(.badCoupon, (next - 14)..<next)
        }
    }

    private mutating func date() throws(GS1RuleBreach) -> [UInt8] {
        let from = next
        try skip(6)
        let date = Array(digits[from..<next])
        guard GS1Rule.date.breach(in: date) == nil else {
            throw GS1RuleBreach(.badCoupon, from..<next)
        }
        return date
    }

    /// Whether the digit that announces an optional field is next; takes it.
    private mutating func takes(field: UInt8) -> Bool {
        guard !isAtEnd, digits[next] == 48 + field else { return false }
        next += 1
        return true
    }

    private mutating func one(
        of allowed: ClosedRange<Int>,
        or others: ClosedRange<Int>? = nil
    ) throws(GS1RuleBreach) -> Int {
        guard !isAtEnd else { throw GS1RuleBreach(.badCoupon, 0..<digits.count) }
        let digit = Int(digits[next]) - 48
        guard allowed.contains(digit) || others?.contains(digit) == true else {
            throw GS1RuleBreach(.badCoupon, next..<(next + 1))
        }
        next += 1
        return digit
    }

    private mutating func skip(_ count: Int) throws(GS1RuleBreach) {
        guard digits.count - next >= count else {
            throw GS1RuleBreach(.badCoupon, (isAtEnd ? 0 : next)..<digits.count)
        }
        next += count
    }
}
