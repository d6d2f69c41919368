import Forms
import SwiftProtobuf
import Tally

/// How exceptions of one kind are dealt with: master data that all sites share.
public struct ExceptionCategory: Hashable, Sendable {
    static let type = "exception_category.published"
    /// A year: no deadline of a section is longer.
    static let minutesMax = 525_600

    /// In snake_case.
    public let code: String
    /// From 1 up; what was published under a version never changes.
    public let version: Int
    public let name: Label
    /// The team that reports go to.
    public let team: String
    /// Minutes from the capture of the report until a section is due.
    public let deadlines: [Section: Int]
    /// The sections without which a report cannot be closed.
    public let needed: Set<Section>

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

    /// Reads a category from its entity; nil when it was not published.
    public init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let category = try? ExceptionCategory(payload: payload)
        else { return nil }  // best effort: only the hub writes these
        self = category
    }

    public var key: EntityKey { ExceptionRoom.categoryKey(code) }

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
}

// MARK: - Files

extension ExceptionCategory {
    /// Reads the categories from the tree of their file.
    ///
    /// - Parameter node: `categories`: a list of `code`, `version`, `name`, `team`, `deadlines`
    ///   (minutes by section) and `needed` (sections).
    /// - Returns: the categories, in the order of the file.
    /// - Throws: `FormRefusal.definition` with the path of what is wrong.
    public static func list(node: FormNode) throws(FormRefusal) -> [ExceptionCategory] {
        let reader = FormNodeReader(node)
        try reader.checkKeys(["categories"])
        var categories: [ExceptionCategory] = []
        for item in try reader.required("categories").list() {
            let category = try ExceptionCategory(item)
            if categories.contains(where: { $0.code == category.code }) {
                throw item.refusal(.duplicate, at: "code")
            }
            categories.append(category)
        }
        return categories
    }

    private init(_ reader: FormNodeReader) throws(FormRefusal) {
        try reader.checkKeys(["code", "version", "name", "team", "deadlines", "needed"])
        var deadlines: [Section: Int] = [:]
        for (key, value) in try reader.optional("deadlines")?.entries() ?? [] {
            guard let section = Section(rawValue: key) else {
                throw reader.refusal(.unknownKey, at: "deadlines.\(key)", expected: Section.names)
            }
            let minutes = try value.count()
            guard minutes <= Self.minutesMax else {
                throw value.refusal(.badNumber, expected: "1 … \(Self.minutesMax)")
            }
            deadlines[section] = minutes
        }
        var needed: Set<Section> = []
        for item in try reader.required("needed").list() {
            guard let section = Section(rawValue: try item.text()) else {
                throw item.refusal(.unknownValue, expected: Section.names)
            }
            needed.insert(section)
        }
        self.init(
            code: try reader.required("code").name(),
            version: try reader.required("version").count(),
            name: try reader.required("name").label(),
            team: try reader.required("team").text(),
            deadlines: deadlines,
            needed: needed
        )
    }
}

extension Section {
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

// MARK: - Bytes

extension ExceptionCategory {
    init(payload: [UInt8]) throws(ExceptionRefusal) {
        let wire: WireCategory
        do {
            wire = try WireCategory(serializedBytes: payload)
        } catch {
            throw .badPayload(type: Self.type)
        }
        guard !wire.code.isEmpty, wire.version > 0 else { throw .badPayload(type: Self.type) }
        var deadlines: [Section: Int] = [:]
        for allowance in wire.deadlines {
            guard let section = Section(rawValue: allowance.section) else {
                throw .badPayload(type: Self.type)
            }
            deadlines[section] = Int(allowance.minutes)
        }
        let needed = wire.needed.compactMap(Section.init(rawValue:))
        guard needed.count == wire.needed.count else { throw .badPayload(type: Self.type) }
        let texts = wire.name.map { ($0.language, $0.text) }
        self.init(
            code: wire.code,
            version: Int(wire.version),
            name: Label(Dictionary(texts) { first, _ in first }),
            team: wire.team,
            deadlines: deadlines,
            needed: Set(needed)
        )
    }

    private func payload() throws -> [UInt8] {
        var wire = WireCategory()
        wire.code = code
        wire.version = UInt32(clamping: version)
        wire.name = name.sorted.map { language, text in
            var wireText = WireText()
            wireText.language = language
            wireText.text = text
            return wireText
        }
        wire.team = team
        wire.deadlines = deadlines.sorted { $0.key < $1.key }.map { section, minutes in
            var allowance = WireAllowance()
            allowance.section = section.rawValue
            allowance.minutes = UInt32(clamping: minutes)
            return allowance
        }
        wire.needed = needed.sorted().map(\.rawValue)
        return try wire.serializedBytes()
    }
}
