import ArgumentParser
import Connectors
import Foundation
import Forms
import Hub
import Tally
import Web

/// `tallyman form`: a form from its draft to the terminals.
struct FormCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "form",
        abstract: "Check forms, publish them, and roll them back.",
        discussion: """
            A file is a draft: changing it changes nothing on the floor. `check` says what is \
            wrong with it, `publish` makes it the version that records are begun with from now on, \
            `rollback` gives an earlier version a new number. Records that are under way keep the \
            version that they were begun with.
            """,
        subcommands: [Check.self, List.self, Publish.self, Rollback.self]
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong with files of forms, each with its line.",
            discussion: "Ends with 1 when something is wrong."
        )

        @Argument(help: "Files in YAML or JSON.")
        var files: [String]

        @Flag(help: "One JSON object a line.")
        var json = false

        func run() throws {
            let checks = files.map(FormCheck.init)
            for check in checks {
                if json { try Output.json(check) } else { Output.result(check.text) }
            }
            guard checks.allSatisfy(\.isGood) else { throw ExitCode.failure }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the hub's forms, and the drafts that are not published."
        )

        @Argument(help: "Files of drafts; without any those of Templates/Inspection.")
        var files: [String] = []

        @Flag(help: "One JSON object a line.")
        var json = false

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let answer = try await Office(data.place).ask(.forms)
                guard case .forms(let published) = answer else { throw ExitCode.failure }
                for line in FormStanding.all(published, drafts: try drafts()) {
                    if json { try Output.json(line) } else { Output.result(line.text) }
                }
            }
        }

        private func drafts() throws -> [FormCheck] {
            guard files.isEmpty else { return files.map(FormCheck.init) }
            let folder = try Texts.folder()
            return try folder.paths(in: "Inspection", ending: ".yaml")
                .map { FormCheck(try folder.file($0).path) }
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish forms: records are begun with them from now on.",
            discussion: """
                All files are checked before the first is published. A changed form needs a higher \
                version; publishing the same again changes nothing.
                """
        )

        @Argument(help: "Files in YAML or JSON.")
        var files: [String]

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let checks = files.map(FormCheck.init)
                for check in checks where !check.isGood { Output.result(check.text) }
                guard checks.allSatisfy(\.isGood) else { throw ExitCode.failure }
                for file in files {
                    let name = URL(filePath: file).lastPathComponent
                    let content = Data(try FileBytes.read(file))
                    let answer = try await Office(data.place)
                        .ask(.publishForm(name: name, content: content))
                    guard case .forms(let forms) = answer else { throw ExitCode.failure }
                    for form in forms { Output.result("published\t" + form.text) }
                }
            }
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish what an earlier version said, as a new version."
        )

        @Argument(help: "The form's code.")
        var form: String

        @Option(help: "The version to go back to; without it the one before the one in force.")
        var to: Int?

        @OptionGroup var data: HubOptions

        func run() async throws {
            try await Output.orExit {
                let answer = try await Office(data.place)
                    .ask(.rollBackForm(code: form, to: to))
                guard case .forms(let forms) = answer else { throw ExitCode.failure }
                for form in forms { Output.result("published\t" + form.text) }
            }
        }
    }
}

/// A form that the hub has published.
struct FormView: Codable, Hashable, Sendable {
    let code: String
    /// The one that records are begun with.
    let version: Int
    let title: [String: String]
    /// All that were published, the latest first.
    let versions: [Int]
    /// The digest of what is in force, to tell whether a draft says the same.
    let digest: String

    var text: String {
        let words = title.sorted { $0.key < $1.key }.map(\.value).joined(separator: " / ")
        return "\(code)\t\(version)\t\(words)"
    }
}

/// What a file of a form comes to.
struct FormCheck: Codable, Sendable {
    struct Fault: Codable, Sendable {
        let line: Int
        let code: String
        let words: String
    }

    let file: String
    let form: String?
    let version: Int?
    let digest: String?
    let faults: [Fault]

    init(_ file: String) {
        self.file = file
        var form: FormDefinition?
        do {
            let read = try FormFile(name: file, bytes: try FileBytes.read(file))
            form = read.form
            faults = read.faults.map { fault in
                Fault(
                    line: fault.line,
                    code: fault.refusal.code.text,
                    words: Output.words(fault.refusal)
                )
            }
        } catch {
            let refusal = error as? ImportRefusal
            faults = [
                Fault(
                    line: refusal?.line ?? 0,
                    code: refusal?.code.text ?? "",
                    words: Output.words(error)
                )
            ]
        }
        self.form = form?.code
        version = form?.version
        digest = form.flatMap(\.digest)
    }

    var isGood: Bool { faults.isEmpty }

    var text: String {
        if let form, let version { return "\(file): good\t\(form)\t\(version)" }
        return faults.map { "\(file):\($0.line): \($0.words)" }.joined(separator: "\n")
    }
}

extension FormDefinition {
    /// What tells two contents apart.
    var digest: String? { (try? payload()).map { ContentHash(of: $0).bytes.hexadecimal } }
}

/// A form at the hub and in its file.
struct FormStanding: Codable, Sendable {
    let code: String
    /// Nil when none was published.
    let version: Int?
    let versions: [Int]
    let file: String?
    /// The draft's; nil when it is wrong.
    let draftVersion: Int?
    /// `published`, `no_file`, `draft`, `version_taken`, `older` or `wrong`.
    let draft: String
    let faults: [FormCheck.Fault]

    static func all(_ published: [FormView], drafts: [FormCheck]) -> [FormStanding] {
        let known = Dictionary(published.map { ($0.code, $0) }) { first, _ in first }
        let withFiles = drafts.map { FormStanding($0.form.flatMap { known[$0] }, $0) }
        let filed = Set(drafts.compactMap(\.form))
        return withFiles
            + published.filter { !filed.contains($0.code) }.map { FormStanding($0, nil) }
    }

    private init(_ view: FormView?, _ check: FormCheck?) {
        code = view?.code ?? check?.form ?? ""
        version = view?.version
        versions = view?.versions ?? []
        file = check?.file
        draftVersion = check?.version
        faults = check?.faults ?? []
        draft = Self.standing(view, check)
    }

    private static func standing(_ view: FormView?, _ check: FormCheck?) -> String {
        guard let check else { return "no_file" }
        guard let version = check.version else { return "wrong" }
        guard let view, version <= view.version else { return "draft" }
        if version < view.version { return "older" }
        return check.digest == view.digest ? "published" : "version_taken"
    }

    var text: String {
        let words =
            switch draft {
            case "published": "published"
            case "draft": "DRAFT of version \(draftVersion ?? 0)"
            case "version_taken": "DRAFT, and version \(draftVersion ?? 0) is taken"
            case "older": "file has the older version \(draftVersion ?? 0)"
            case "wrong": "DRAFT with faults"
            default: "no file"
            }
        let force = version.map { "version \($0) in force" } ?? "not published"
        let faults = faults.map { "\n    \(file ?? ""):\($0.line): \($0.words)" }.joined()
        return "\(code.isEmpty ? file ?? "" : code)\t\(force)\t\(words)\(faults)"
    }
}
