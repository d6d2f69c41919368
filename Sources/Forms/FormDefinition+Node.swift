import Tally

extension FormDefinition {
    /// Reads a form from the tree of its file.
    ///
    /// - Parameter node: `code`, `version`, `title` and `questions`.
    /// - Throws: ``FormRefusal/definition(_:path:read:expected:)`` with the path of what is wrong.
    public init(node: FormNode) throws(FormRefusal) {
        let (form, faults) = Self.read(node)
        guard let form else { throw faults[0] }
        self = form
    }

    /// Reads a form and gathers what is wrong, one fault a question.
    ///
    /// - Parameter node: as ``init(node:)`` takes it.
    /// - Returns: the form, or what is wrong with it, in the order of the file.
    public static func read(_ node: FormNode) -> (form: FormDefinition?, faults: [FormRefusal]) {
        let reader = FormNodeReader(node)
        var faults: [FormRefusal] = []
        func attempt<Value>(_ body: () throws(FormRefusal) -> Value) -> Value? {
            do throws(FormRefusal) {
                return try body()
            } catch {
                faults.append(error)
                return nil
            }
        }
        let keys: Set<String> = ["code", "version", "title", "questions"]
        _ = attempt { () throws(FormRefusal) in try reader.checkKeys(keys) }
        // What is no map at all has one fault, not one for each key.
        guard case .map = node else { return (nil, faults) }
        let code = attempt { () throws(FormRefusal) in try reader.required("code").name() }
        let version = attempt { () throws(FormRefusal) in try reader.required("version").count() }
        let title = attempt { () throws(FormRefusal) in try reader.required("title").label() }
        var seen = QuestionsSeen()
        var questions: [Question] = []
        let list = attempt { () throws(FormRefusal) in
            let list = try reader.required("questions")
            let items = try list.list()
            if items.isEmpty { throw list.refusal(.missing) }
            return items
        }
        for item in list ?? [] {
            let question = attempt { () throws(FormRefusal) in
                try Question(item, after: &seen, group: nil)
            }
            if let question { questions.append(question) }
        }
        guard faults.isEmpty, let code, let version, let title else { return (nil, faults) }
        let form = FormDefinition(code: code, version: version, title: title, questions: questions)
        return (form, [])
    }
}

/// The questions that stand before one: expressions look back only, so there is no circle.
struct QuestionsSeen {
    /// Their types, by name.
    private(set) var kinds: [String: Question.Kind] = [:]
    /// The repeats that they belong to; nothing for those outside.
    private(set) var groups: [String: String] = [:]

    mutating func note(_ name: String, _ kind: Question.Kind, in group: String?) {
        kinds[name] = kind
        groups[name] = group
    }

    /// Refuses an expression that names what does not come earlier, or what has no single value.
    func check(
        _ expression: Expression,
        in group: String?,
        _ reader: FormNodeReader
    ) throws(FormRefusal) {
        let known = kinds.keys.sorted().joined(separator: ", ")
        guard expression.names.isSubset(of: kinds.keys) else {
            throw reader.refusal(.unknownQuestion, expected: known)
        }
        for name in expression.single.sorted() {
            let isElsewhere = groups[name].map { $0 != group } ?? false
            if isElsewhere || kinds[name] == .repeated {
                throw reader.refusal(.badPlace, expected: "count, sum, min, max (${\(name)})")
            }
        }
    }
}
