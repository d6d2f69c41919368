/// How a scanner wraps and writes what it read, and how to undo that.
///
/// A profile has the format that a device is delivered with; a terminal's profile and what was
/// taught on the page change it for one device.
public struct ScanFormat: Hashable, Sendable, Codable {
    /// Whether scans start with the AIM identifier of their symbology (ISO/IEC 15424): `]Q3`.
    public enum Aim: String, Hashable, Sendable, Codable {
        case off, on
    }

    /// How bytes become text.
    public enum Charset: String, Hashable, Sendable, Codable {
        /// UTF-8 where it fits, else GB 18030, else ISO 8859-1.
        case auto
        case utf8 = "utf-8"
        case gb18030
        case latin1
    }

    /// A key that stands for GS on a scanner which types.
    public enum GSKey: String, Hashable, Sendable, Codable {
        case controlBracket = "ctrl-]"
        case f8
        case alt029 = "alt-029"
    }

    /// What a scan starts with before the AIM identifier; taken off where it is there.
    public var prefix = ""
    /// What a scan ends with: `\r` for Enter (then `\n` and both count too), `\t`, or any text.
    ///
    /// Empty when nothing follows; then a pause of ``gapMilliseconds`` ends it.
    public var suffix = "\r"
    public var aim = Aim.off
    /// Texts that stand for GS besides GS itself, such as `^]`; longer ones are tried first.
    public var gsTexts: [String] = []
    /// Keys that stand for GS.
    public var gsKeys: [GSKey] = [.controlBracket, .f8, .alt029]
    public var charset = Charset.auto
    /// The keyboard that the scanner believes to type on.
    public var keyboard = KeyboardLayout.us
    /// Whether letters arrive in the other case, since the scanner has Caps Lock turned round.
    public var isCaseSwapped = false
    /// A pause that ends a scan without a suffix, and one that was cut off.
    public var gapMilliseconds = 80

    /// What most scanners are delivered with: no prefix, Enter at the end, no AIM identifier.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case prefix, suffix, aim, gsTexts, gsKeys, charset, keyboard
        case isCaseSwapped = "caseSwapped"
        case gapMilliseconds
    }

    public init(from decoder: any Decoder) throws {
        self = try ScanFormat().changed(by: decoder)
    }

    /// This format with what the decoder has instead of its own.
    func changed(by decoder: any Decoder) throws -> ScanFormat {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, _ old: Value) throws -> Value {
            try values.decodeIfPresent(Value.self, forKey: key) ?? old
        }
        var format = self
        format.prefix = try value(.prefix, prefix)
        format.suffix = try value(.suffix, suffix)
        format.aim = try value(.aim, aim)
        format.gsTexts = try value(.gsTexts, gsTexts)
        format.gsKeys = try value(.gsKeys, gsKeys)
        format.charset = try value(.charset, charset)
        format.keyboard = try value(.keyboard, keyboard)
        format.isCaseSwapped = try value(.isCaseSwapped, isCaseSwapped)
        format.gapMilliseconds = try value(.gapMilliseconds, gapMilliseconds)
        return format
    }
}
