/// What is wrong in a GS1 code.
public enum GS1Fault: String, Equatable, Sendable, CaseIterable {
    /// No application identifier that this program knows.
    case unknownIdentifier = "unknown_identifier"
    /// The value is shorter than its application identifier wants.
    case tooShort = "too_short"
    /// The value is longer than its application identifier allows.
    case tooLong = "too_long"
    /// A character that the application identifier does not take.
    case badCharacter = "bad_character"
    case badCheckDigit = "bad_check_digit"
    /// The two check characters of a model or device number are wrong.
    case badCheckPair = "bad_check_pair"
    /// A month or day that does not exist.
    case badDate = "bad_date"
    case badTime = "bad_time"
    /// Not a country of ISO 3166.
    case badCountry = "bad_country"
    /// Not a currency of ISO 4217.
    case badCurrency = "bad_currency"
    /// Digits are missing where the company prefix stands.
    case badCompanyPrefix = "bad_company_prefix"
    /// Not an international bank account number.
    case badAccount = "bad_account"
    /// A latitude or longitude out of its range.
    case badCoordinate = "bad_coordinate"
    /// A percent sign in a value without two hexadecimal digits behind it.
    case badPercent = "bad_percent"
    case notYesOrNo = "not_yes_or_no"
    case badImporter = "bad_importer"
    case badMedia = "bad_media"
    /// A piece number or piece total of 0, or a piece beyond the total.
    case badPiece = "bad_piece"
    /// Not position, slash, end.
    case badSequence = "bad_sequence"
    case badPackage = "bad_package"
    case badCoupon = "bad_coupon"
    case notHyphen = "not_hyphen"
    case badWinding = "bad_winding"
    /// A zero where none may be, or none where one must be.
    case badZero = "bad_zero"
    /// All digits where a letter or mark is wanted.
    case digitsOnly = "digits_only"
    case badSex = "bad_sex"
    /// The `=` at the end do not fill up base64.
    case badPadding = "bad_padding"
    /// Another application identifier is needed beside it.
    case companionMissing = "companion_missing"
    /// Another application identifier may not stand beside it.
    case pairForbidden = "pair_forbidden"
    /// The application identifier is there twice with different values.
    case repeatedDiffers = "repeated_differs"
    /// A digital signature needs the serial number inside this key.
    case serialMissing = "serial_missing"
    /// A bracket is missing around an application identifier.
    case badBracket = "bad_bracket"
    /// Nothing that could be read.
    case empty
    /// An AIM identifier of no code that holds GS1 data.
    case badSymbology = "bad_symbology"
    /// More application identifiers, or more characters, than a code can hold.
    case tooMuch = "too_much"
    /// A percent escape of a link stands for no character.
    case badEscape = "bad_escape"
    /// The link does not start with http:// or https://, a host and a path.
    case badLink = "bad_link"
    /// The link's path holds no key.
    case keyMissing = "key_missing"
    /// The link's qualifiers do not belong to its key, or stand in the wrong order.
    case badQualifiers = "bad_qualifiers"
    /// The link has the application identifier twice.
    case duplicate
    /// The application identifier cannot stand behind a link's question mark.
    case notAttribute = "not_attribute"
    /// The application identifier belongs into the link's path.
    case belongsInPath = "belongs_in_path"
}

/// Where a GS1 code is wrong.
public struct GS1Place: Hashable, Sendable {
    /// The application identifier; empty when there is none yet.
    public let identifier: String
    /// The character, counted from 1; behind the last one when some are missing.
    public let position: Int
    /// The character there; empty behind the last one.
    public let character: String
    /// The application identifiers that are missing or in the way.
    public let other: String
    /// What was read all the same, not to be believed.
    public let elements: [ElementString.Element]

    /// A place, from its parts.
    public init(
        identifier: String,
        position: Int,
        character: String = "",
        other: String = "",
        elements: [ElementString.Element] = []
    ) {
        self.identifier = identifier
        self.position = position
        self.character = character
        self.other = other
        self.elements = elements
    }
}
