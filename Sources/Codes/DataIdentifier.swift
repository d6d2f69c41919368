/// What an identifier of an ISO/IEC 15434 message stands for: facts of ANSI MH10.8.2 (data
/// identifiers) and ATA Spec 2000 (text element identifiers).
public struct DataIdentifier: Hashable, Sendable {
    /// What a terminal can do with the value.
    public enum Kind: String, Hashable, Sendable {
        case part, revision, quantity, weight, unit, value, lot, serial, package, plate
        case order, orderLine, shipment, document, seal, party, place
        case date, expiry, made
        case asset, goods, other
    }

    /// `1T`, or `SER`.
    public let identifier: String
    public let kind: Kind
    /// The value's form or unit: `n` a number, `an` any text, `YYMMDD` a date, `n+an2` a number
    /// with a unit of two characters behind it, and so on.
    public let form: String

    /// The key of the name in the string tables.
    public var textKey: String { "data.di_" + identifier.lowercased() }

    /// The identifier of this name in format 06 or 12; nil when it is in no table.
    public static func named(_ identifier: String, format: String) -> DataIdentifier? {
        (format == "12" ? textElements : format == "06" ? dataIdentifiers : [:])[identifier]
    }

    /// All that have a meaning here, those of format 06 first.
    public static var all: [DataIdentifier] {
        Array(dataIdentifiers.values) + Array(textElements.values)
    }

    private static let dataIdentifiers = table(
        """
        P part an
        1P part an
        2P revision an
        3P part an
        5P goods an
        6P part an
        7P part an
        8P part n14
        9P part an
        10P goods an
        12P document an
        30P part an
        Q quantity n
        1Q quantity n
        2Q weight n
        3Q unit an2
        4Q quantity n
        5Q quantity n
        6Q package n
        7Q quantity n+an2
        8Q weight n~kg
        9Q weight n
        11Q weight n
        12Q value n+a3
        13Q package n/n
        T lot an
        1T lot an
        30T lot an
        S serial an
        1S serial an
        2S shipment an
        3S package an
        4S package an
        5S package an
        6S package an
        7S package an
        8S package n18
        9S package an
        10S asset an
        11S asset an
        12S document an
        13S seal an
        16S revision an
        K order an
        1K order an
        2K shipment an
        3K shipment an
        4K orderLine an
        5K order an
        6K shipment an
        7K shipment an
        8K document an
        9K document an
        10K document an
        11K document an
        13K shipment an
        14K order an+an
        15K document an
        16K document an
        J plate an
        1J plate an
        2J plate an
        3J plate an
        4J plate an
        5J plate an
        6J plate an
        V party an
        1V party an
        4V party an
        6V party an
        8V party an
        9V party an
        12V party n9
        13V party n9
        14V party n9
        17V party an5
        D date YYMMDD
        1D date DDMMYY
        2D date MMDDYY
        3D date YDDD
        4D date YYDDD
        5D date YYMMDD+an3
        6D date YYYYMMDD+an3
        7D date MMYY
        8D date YYYYMMDDHHMM+an3
        9D date an
        10D date YYWW
        11D date YYYYWW
        12D date YYYYMMDD
        13D date YYWWYYWW
        14D expiry YYYYMMDD
        15D expiry DDMMYYYY
        16D made YYYYMMDD
        17D made DDMMYYYY
        L place an
        1L place an
        2L place an
        3L place an
        4L place a2
        5L place an
        B package an
        1B package an
        1R document an
        2R document an
        W order an
        1W order an
        N part an
        9N part n
        I asset an17
        H party an
        Z other an
        """
    )

    private static let textElements = table(
        """
        MFR party an5
        CAG party an5
        SPL party an5
        DUN party n9
        SER serial an
        SEQ serial an
        UCN serial an
        UID serial an
        PNO part an
        PNR part an
        LOT lot an
        LTN lot an
        BTN lot an
        QTY quantity n
        DMF made YYYYMMDD
        EXP expiry YYYYMMDD
        """
    )

    private static func table(_ text: String) -> [String: DataIdentifier] {
        var table: [String: DataIdentifier] = [:]
        for row in text.split(separator: "\n") {
            let words = row.split(separator: " ").map(String.init)
            guard words.count == 3, let kind = Kind(rawValue: words[1]) else {
                preconditionFailure("bad row of data identifiers: \(row)")
            }
            table[words[0]] = DataIdentifier(
                identifier: words[0],
                kind: kind,
                form: words[2].replacing("~", with: " ")
            )
        }
        return table
    }
}
