/// What a rule made of a supplier's own code.
///
/// Nothing vouches for it: such a code is not signed, and whoever uses it is told so.
public struct SupplierCode: Hashable, Sendable {
    /// What the code is printed on.
    public enum Carrier: String, Hashable, Sendable, CaseIterable {
        /// A delivery note, named by ``SupplierCode/number``.
        case note
        /// A label of goods.
        case label
    }

    /// What the fields of a code are called whose meaning this program knows.
    public enum Field {
        public static let supplier = "supplier"
        /// The note's number.
        public static let number = "number"
        /// The number of the purchase order.
        public static let order = "order"
        public static let material = "material"
        /// The supplier's or maker's own number of the goods.
        public static let part = "part"
        public static let lot = "lot"
        public static let serial = "serial"
        public static let quantity = "quantity"
        /// A UN/ECE Recommendation 20 code; pieces without one.
        public static let unit = "unit"
        public static let description = "description"
        /// An SSCC.
        public static let carton = "carton"
    }

    /// The rule's name.
    public let rule: String
    public let carrier: Carrier
    /// In the form of `NaturalKey.code`; empty when neither rule nor code says it.
    public let supplier: String
    /// The note's number, in the form of `NaturalKey.number`; empty on labels without one.
    public let number: String
    /// Everything that was found, by the rule's names for it.
    public let fields: [String: String]
    /// The goods, where the code lists them: each by the rule's names.
    public let lines: [[String: String]]

    /// The value of a field; nil where it is missing or empty.
    public subscript(field: String) -> String? { fields[field].flatMap { $0.isEmpty ? nil : $0 } }
}
