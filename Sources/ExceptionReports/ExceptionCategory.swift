import Forms
import Tally

/// How exceptions of one kind are dealt with: master data that all sites share.
public struct ExceptionCategory: Hashable, Sendable {
    static let type = "exception_category.published"
    /// A year: no deadline of a section is longer.
    static let minutesMax = 525_600
    /// Four hours, where a category does not say.
    public static let joinMinutesUsual = 240

    /// Words that are chosen instead of typed, in every language of the page.
    public struct Phrase: Hashable, Sendable {
        public let section: Section
        /// In snake_case; unique in its section.
        public let code: String
        public let text: Label
    }

    /// Sends reports to another team than the category's; what is empty fits everything.
    public struct Rule: Hashable, Sendable {
        /// The process that the machine belongs to.
        public let process: String
        /// The machine's tag, or its beginning with a star behind it.
        public let equipment: String
        public let team: String

        /// The rule in one line, as routings name it.
        public var name: String {
            [("process", process), ("equipment", equipment)].filter { !$0.1.isEmpty }
                .map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        }

        func fits(equipment tag: String, process name: String) -> Bool {
            guard process.isEmpty || process == name else { return false }
            if equipment.hasSuffix("*") { return tag.hasPrefix(equipment.dropLast()) }
            return equipment.isEmpty || equipment == tag
        }
    }

    /// Who hears of a section that is late.
    public struct Level: Hashable, Sendable {
        /// A role of the permission table: `team_leader`, `supervisor`.
        public let role: String
        /// From the section's deadline on.
        public let afterMinutes: Int
    }

    /// In snake_case.
    public let code: String
    /// From 1 up; what was published under a version never changes.
    public let version: Int
    public let name: Label
    /// The team that reports go to where no rule sends them elsewhere.
    public let team: String
    /// Minutes of work from the capture of the report until a section is due.
    public let deadlines: [Section: Int]
    /// The sections without which a report cannot be closed.
    public let needed: Set<Section>
    /// In the order of the page.
    public var phrases: [Phrase] = []
    /// A report on the same place joins the open one for so long; 0: never.
    public var joinMinutes = joinMinutesUsual
    /// Whether a report raises a maintenance order, as a finding does.
    public var maintenance = false
    /// The first that fits holds.
    public var rules: [Rule] = []
    public var levels: [Level] = []
    /// When deadlines count; nil for round the clock.
    public var calendar: ShiftCalendar?

    /// Reads a category from its entity; nil when it was not published.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let category = try? ExceptionCategory(payload: payload)
        else { return nil }  // best effort: only the hub writes these
        self = category
    }

    public var key: EntityKey { ExceptionRoom.categoryKey(code) }

    /// The phrases of a section, in the order of the page.
    public func phrases(of section: Section) -> [Phrase] {
        phrases.filter { $0.section == section }
    }

    /// Publishes this version.
    ///
    /// - Parameter current: the version in force; nil for a new category.
    /// - Returns: nil when this very version is in force.
    /// - Throws: ``ExceptionRefusal/versionTaken(category:version:)`` when a version would change,
    ///   ``ExceptionRefusal/versionNotNewer(category:version:current:)`` when a later one is in
    ///   force.
    public func publish(over current: ExceptionCategory?) throws -> Draft? {
        if let current {
            if current == self { return nil }
            if current.version == version {
                throw ExceptionRefusal.versionTaken(category: code, version: version)
            }
            if current.version > version {
                throw ExceptionRefusal.versionNotNewer(
                    category: code,
                    version: version,
                    current: current.version
                )
            }
        }
        return Draft(.decision, of: key, type: Self.type, payload: try payload())
    }

    init(
        code: String,
        version: Int,
        name: Label,
        team: String,
        deadlines: [Section: Int],
        needed: Set<Section>
    ) {
        self.code = code
        self.version = version
        self.name = name
        self.team = team
        self.deadlines = deadlines
        self.needed = needed
    }
}
