import Forms
import Tally

// The file of the categories: `Templates/ExceptionReports/categories.yaml`.

extension ExceptionCategory {
    private static let keys: Set<String> = [
        "code", "version", "name", "team", "deadlines", "needed", "phrases", "join_minutes",
        "maintenance", "rules", "escalation", "calendar",
    ]

    /// Reads the categories from the tree of their file.
    ///
    /// - Parameter node: `categories`: a list of `code`, `version`, `name`, `team`, `deadlines`
    ///   (minutes by section) and `needed` (sections); and where wanted of `phrases` (by section),
    ///   `join_minutes`, `maintenance`, `rules`, `escalation` and `calendar`.
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
        try reader.checkKeys(Self.keys)
        var needed: Set<Section> = []
        for item in try reader.required("needed").list() {
            needed.insert(try Section(item))
        }
        self.init(
            code: try reader.required("code").name(),
            version: try reader.required("version").count(),
            name: try reader.required("name").label(),
            team: try reader.required("team").text(),
            deadlines: try Self.deadlines(reader),
            needed: needed
        )
        phrases = try Self.phrases(reader)
        if let minutes = try reader.optional("join_minutes") {
            joinMinutes = try Self.minutes(minutes)
        }
        maintenance = try reader.optional("maintenance")?.bool() ?? false
        rules = try Self.rules(reader)
        levels = try Self.levels(reader)
        calendar = try reader.optional("calendar").map { node throws(FormRefusal) in
            try ShiftCalendar(node)
        }
    }

    private static func deadlines(_ reader: FormNodeReader) throws(FormRefusal) -> [Section: Int] {
        var deadlines: [Section: Int] = [:]
        for (key, value) in try reader.optional("deadlines")?.entries() ?? [] {
            guard let section = Section(rawValue: key) else {
                throw reader.refusal(.unknownKey, at: "deadlines.\(key)", expected: Section.names)
            }
            let minutes = try value.count()
            guard minutes <= minutesMax else {
                throw value.refusal(.badNumber, expected: "1 … \(minutesMax)")
            }
            deadlines[section] = minutes
        }
        return deadlines
    }

    private static func phrases(_ reader: FormNodeReader) throws(FormRefusal) -> [Phrase] {
        var phrases: [Phrase] = []
        for (key, value) in try reader.optional("phrases")?.entries() ?? [] {
            guard let section = Section(rawValue: key) else {
                throw reader.refusal(.unknownKey, at: "phrases.\(key)", expected: Section.names)
            }
            for item in try value.list() {
                try item.checkKeys(["code", "text"])
                let phrase = Phrase(
                    section: section,
                    code: try item.required("code").name(),
                    text: try item.required("text").label()
                )
                let isThere = phrases.contains {
                    $0.section == section && $0.code == phrase.code
                }
                if isThere { throw item.refusal(.duplicate, at: "code") }
                phrases.append(phrase)
            }
        }
        return phrases.sorted { place($0.section) < place($1.section) }
    }

    private static func place(_ section: Section) -> Int {
        Section.allCases.firstIndex(of: section) ?? 0
    }

    private static func rules(_ reader: FormNodeReader) throws(FormRefusal) -> [Rule] {
        var rules: [Rule] = []
        for item in try reader.optional("rules")?.list() ?? [] {
            try item.checkKeys(["process", "equipment", "team"])
            let rule = Rule(
                process: try item.optional("process")?.name() ?? "",
                equipment: NaturalKey.code(try item.optional("equipment")?.text() ?? ""),
                team: try item.required("team").text()
            )
            // A rule that fits everything would hide the category's own team.
            if rule.name.isEmpty {
                throw item.refusal(.missing, at: "process", expected: "process, equipment")
            }
            rules.append(rule)
        }
        return rules
    }

    private static func levels(_ reader: FormNodeReader) throws(FormRefusal) -> [Level] {
        var levels: [Level] = []
        for item in try reader.optional("escalation")?.list() ?? [] {
            try item.checkKeys(["role", "after_minutes"])
            let after = try item.optional("after_minutes")
            let level = Level(
                role: try item.required("role").name(),
                afterMinutes: try after.map { node throws(FormRefusal) in try minutes(node) } ?? 0
            )
            if let last = levels.last, level.afterMinutes <= last.afterMinutes {
                throw item.refusal(
                    .badNumber,
                    at: "after_minutes",
                    expected: "> \(last.afterMinutes)"
                )
            }
            levels.append(level)
        }
        return levels
    }

    /// Minutes from 0 up to a year.
    private static func minutes(_ reader: FormNodeReader) throws(FormRefusal) -> Int {
        guard let minutes = Int(try reader.text()), (0...minutesMax).contains(minutes) else {
            throw reader.refusal(.badNumber, expected: "0 … \(minutesMax)")
        }
        return minutes
    }
}

extension Section {
    fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    fileprivate init(_ reader: FormNodeReader) throws(FormRefusal) {
        guard let section = Section(rawValue: try reader.text()) else {
            throw reader.refusal(.unknownValue, expected: Section.names)
        }
        self = section
    }
}
