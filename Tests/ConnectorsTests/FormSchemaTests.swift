import Connectors
import Foundation
import Forms
import Tally
import Testing

/// The published schema of forms against the files that we carry, against the program that reads
/// them, and by a validator that knows nothing of us.
@Suite struct FormSchemaTests {
    private struct Trial: Encodable {
        let name: String
        let form: FormNode

        enum CodingKeys: CodingKey { case name, form }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try container.encode(Plain(node: form), forKey: .form)
        }
    }

    /// A tree as JSON has it.
    private struct Plain: Encodable {
        let node: FormNode

        func encode(to encoder: any Encoder) throws {
            var single = encoder.singleValueContainer()
            switch node {
            case .text(let text): try single.encode(text)
            case .number(let digits):
                if let whole = Int64(digits) {
                    try single.encode(whole)
                } else {
                    try single.encode(Double(digits) ?? 0)
                }
            case .bool(let value): try single.encode(value)
            case .list(let list): try single.encode(list.map(Plain.init))
            case .map(let map): try single.encode(map.mapValues(Plain.init))
            }
        }
    }

    private static let script = """
        import json, sys
        from jsonschema import Draft202012Validator as Validator
        with open(sys.argv[1]) as file:
            schema = json.load(file)
        Validator.check_schema(schema)
        validator = Validator(schema)
        def first(form):
            error = next(iter(validator.iter_errors(form)), None)
            return "" if error is None else error.json_path + ": " + error.message
        json.dump([first(trial["form"]) for trial in json.load(sys.stdin)], sys.stdout)
        """

    /// What the schema finds wrong with each; empty for a form that it takes.
    private func judge(_ trials: [Trial], _ python: String) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tallyman-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "forms.json")
        try JSONEncoder().encode(trials).write(to: input)
        let process = Process()
        process.executableURL = URL(filePath: python)
        let schema = Office.templates.appending(path: "Inspection/form.schema.json").path
        process.arguments = ["-c", Self.script, schema]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode([String].self, from: answer)
    }

    private func templates() throws -> [Trial] {
        try Office.files("Inspection", ".yaml").map { file in
            Trial(
                name: file.name,
                form: try DefinitionTree(name: file.name, bytes: Array(file.bytes)).node
            )
        }
    }

    /// A form with every key that the carried ones do not use.
    private static let full = """
        code: full
        version: 3
        title: {en: Full, zh-CN: 全}
        questions:
          - {name: axles, type: integer, label: {en: Axles}, unit: H87, required: yes}
          - name: wheels
            type: repeat
            label: {en: Wheel}
            repeat_count: "${axles}"
            questions:
              - {name: tread, type: decimal, label: {en: Tread}, unit: MMT, limits: {low: 1.6}}
          - name: least
            type: calculate
            label: {en: Least}
            calculation: min(${tread})
            unit: MMT
            limits: {low: 2}
            severe: true
          - {name: lot, type: scan, label: {en: Lot}, constraint: "regex(., '[A-Z]+')"}
          - {name: made, type: date, label: {en: Made}, hint: {en: On the plate}}
          - {name: who, type: signature, label: {en: Who}, required: true}
          - name: hours
            type: meter
            label: {en: Hours}
            unit: HUR
            rolls_over_at: 100000
            per_day_max: 24
          - {name: end, type: note, label: {en: End}, relevant: "${lot} != ''"}
        """

    @Test func `every form that we carry is as the schema says`() throws {
        guard let python = ProcessInfo.processInfo.environment["TALLYMAN_PYTHON"] else {
            print("TALLYMAN_PYTHON names no Python with jsonschema: not checked")
            return
        }
        let full = try DefinitionTree(name: "full.yaml", bytes: Array(Self.full.utf8)).node
        let trials = try templates() + [Trial(name: "full", form: full)]
        #expect(trials.count >= 4)
        for (trial, fault) in zip(trials, try judge(trials, python)) {
            #expect(fault.isEmpty, "\(trial.name): \(fault)")
            #expect(FormDefinition.read(trial.form).faults.isEmpty, "\(trial.name)")
        }
    }

    /// The schema refuses nothing that the program takes, and all that is wrong by shape alone.
    @Test func `the schema and the program agree on spoilt forms`() throws {
        guard let python = ProcessInfo.processInfo.environment["TALLYMAN_PYTHON"] else {
            print("TALLYMAN_PYTHON names no Python with jsonschema: not checked")
            return
        }
        let full = try DefinitionTree(name: "full.yaml", bytes: Array(Self.full.utf8)).node
        var dice = SeededDice(seed: 2020)
        let sound = try templates().map(\.form) + [full, full, full]
        let trials = (0..<1500).map { index in
            Trial(name: "\(index)", form: sound[index % sound.count].spoilt(&dice))
        }
        let byShape: Set<FormFault> = [.missing, .unknownKey, .wrongKind, .badName, .notForType]
        var refused = 0
        for (trial, fault) in zip(trials, try judge(trials, python)) {
            let faults = FormDefinition.read(trial.form).faults
            if !fault.isEmpty {
                refused += 1
                #expect(!faults.isEmpty, "only the schema refuses \(trial.name): \(fault)")
            }
            let isShape = faults.contains { refusal in
                if case .definition(let kind, _, _, _) = refusal {
                    byShape.contains(kind)
                } else {
                    false
                }
            }
            if isShape {
                #expect(!fault.isEmpty, "only the program refuses \(trial.name): \(faults)")
            }
        }
        #expect(refused > 500)
    }

    @Test func `what is wrong is told with its line`() throws {
        let text = Self.full.replacing("unit: MMT, limits", with: "unit: mm, limits")
            .replacing("constraint: \"regex(., '[A-Z]+')\"", with: "constraint: \"regex(., '[A\"")
            .replacing("rolls_over_at: 100000", with: "roles_over_at: 100000")
        let file = try FormFile(name: "full.yaml", bytes: Array(text.utf8))
        #expect(file.form == nil)
        #expect(file.faults.map(\.line) == [11, 19, 26])
        #expect(
            file.faults.map(\.refusal.code.text) == [
                "forms.definition_bad_unit", "forms.definition_bad_condition",
                "forms.definition_unknown_key",
            ]
        )
        let broken = "code: x\nversion: 1\nquestions: [\n"
        let refusal = try #require(throws: ImportRefusal.self) {
            try FormFile(name: "x.yaml", bytes: Array(broken.utf8))
        }
        #expect(refusal.line >= 3)
    }
}

extension FormNode {
    /// The same with one thing changed: a key gone or misspelt, or a value of another kind.
    fileprivate func spoilt(_ dice: inout SeededDice) -> FormNode {
        func one(_ count: Int) -> Int { Int(dice.next() % UInt64(count)) }
        switch self {
        case .map(var map):
            let keys = map.keys.sorted()
            guard !keys.isEmpty else { return .text("x") }
            let key = keys[one(keys.count)]
            switch one(8) {
            case 0: map[key] = nil
            case 1:
                map[key + "x"] = map[key]
                map[key] = nil
            case 2:
                map[["severe", "unit", "choices", "required", "calculation"][one(5)]] = .bool(true)
            default: map[key] = map[key]?.spoilt(&dice)
            }
            return .map(map)
        case .list(var list):
            guard !list.isEmpty, one(10) > 0 else { return [.list([]), .text("x")][one(2)] }
            let index = one(list.count)
            if one(8) == 0 {
                list.remove(at: index)
            } else {
                list[index] = list[index].spoilt(&dice)
            }
            return .list(list)
        case .text, .number, .bool:
            let others: [FormNode] = [
                .text(""), .text("Not a name"), .list([]), .map([:]), .bool(true), .number("7"),
                .text("note"), .text("${nothing} = 1"),
            ]
            return others[one(others.count)]
        }
    }
}
