import Codes
import Tally

/// What hangs on the terminal, as the page needs it; the assembly has it from the drivers.
public protocol KioskDevices: Sendable {
    /// How every device stands, the page's own scanner first.
    func standing() -> [KioskDevice]

    /// What a scanner that types into the page meant, by what was taught of it.
    func typed(_ text: String) -> String

    /// What the script needs to know of that scanner, as JSON.
    func scannerSettings() throws -> [UInt8]

    /// Whether a page teaches: then devices tell unfinished scans too.
    func teach(_ isTaught: Bool)

    /// Takes keys that were typed into a page that teaches.
    func take(_ keys: [KioskKey])

    /// The lesson that was used last; nil before the first teach code.
    func lesson() -> KioskLesson?

    /// Reads the lesson's device as was found, from now on and after the next start.
    func keepLesson() async throws

    /// Begins the lesson anew.
    func forgetLesson()

    /// Finds the codes in a picture of a page's camera that were not in the ones before.
    ///
    /// - Parameters:
    ///   - picture: a JPEG or PNG file.
    ///   - page: whose camera.
    /// - Returns: nil when a newer picture came before its turn.
    /// - Throws: when it is no picture, or the decoder failed.
    func codes(in picture: [UInt8], of page: String) async throws -> [String]?

    /// A teach code as an SVG picture; nil when there is no such number.
    func teachCode(_ number: Int) async throws -> [UInt8]?

    /// All teach codes as a page to be printed, in both languages.
    func teachSheet() async throws -> [UInt8]
}

/// A device of the terminal.
public struct KioskDevice: Hashable, Sendable {
    public let name: String
    /// Make and model.
    public let model: String
    public let port: String
    /// A word of the string table's `device` section, such as `ready`.
    public let state: String
    /// Why it is not ready: a key of the string table, and what fills it.
    public let trouble: String?
    public let facts: [String: String]
    public let scans: UInt64
    /// How much was thrown away.
    public let losses: UInt64

    /// A device; `trouble` is why it is not ready.
    public init(
        name: String,
        model: String,
        port: String,
        state: String,
        trouble: (any Refusal)?,
        scans: UInt64,
        losses: UInt64
    ) {
        self.name = name
        self.model = model
        self.port = port
        self.state = state
        self.trouble = trouble.map { "problem." + $0.code.text }
        facts = trouble?.facts ?? [:]
        self.scans = scans
        self.losses = losses
    }

    /// Whether somebody should look at it.
    var isInTrouble: Bool { trouble != nil }
}

/// A key that was typed into a page, as `KeyboardEvent` tells it.
public struct KioskKey: Hashable, Sendable, Decodable {
    /// What the browser made of it; names such as `Enter` for keys without a character.
    public let key: String
    /// Its place: `KeyA`, `Digit1`.
    public let code: String
    public let shift: Bool
    public let control: Bool
    public let alt: Bool
    public let alternate: Bool
    /// A number that was typed with Alt held, and its digits; then the rest says nothing.
    public let number: Int?
    public let digits: Int?
}

/// What a teach lesson found.
public struct KioskLesson: Hashable, Sendable {
    /// One thing that was found.
    public struct Finding: Hashable, Sendable {
        /// A key of the string table's `teach` section.
        public let name: String
        public let facts: [String: String]
        /// `good`, `mapped` or `wrong`.
        public let tone: String

        public init(name: String, facts: [String: String], tone: String) {
            self.name = name
            self.facts = facts
            self.tone = tone
        }
    }

    public let device: String
    /// The numbers of the codes that were scanned, and how many there are.
    public let seen: Set<Int>
    public let count: Int
    public let findings: [Finding]
    /// The last scan that was no teach code.
    public let stranger: String?
    public let isKept: Bool

    public init(
        device: String,
        seen: Set<Int>,
        count: Int,
        findings: [Finding],
        stranger: String?,
        isKept: Bool
    ) {
        self.device = device
        self.seen = seen
        self.count = count
        self.findings = findings
        self.stranger = stranger
        self.isKept = isKept
    }
}

/// A scan of a device that the daemon reads.
public struct KioskInput: Sendable {
    public let device: String
    /// Counts the device's scans.
    public let number: UInt64
    public let text: String
    /// Whether its end came: only then it is a scan; a page that teaches wants the others too.
    public let isWhole: Bool
    /// Hands it to the lesson of its device; whether it was a teach code.
    public let teach: @Sendable () -> Void

    public init(
        device: String,
        number: UInt64,
        text: String,
        isWhole: Bool,
        teach: @escaping @Sendable () -> Void
    ) {
        self.device = device
        self.number = number
        self.text = text
        self.isWhole = isWhole
        self.teach = teach
    }
}
