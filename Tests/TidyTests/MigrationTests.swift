import Crypto
import Foundation
import Testing

/// What a data folder in the field has run is never edited: a change is a new migration.
@Suite struct MigrationTests {
    /// SHA-256 of each migration's file.
    ///
    /// A line is added with its migration, and changed by nobody once a release has it.
    static let recorded: [String: String] = [
        "Migration0001.swift":
            "2b3614e0243b8570d8615ae71e3a861c00e37568d5798bd7b367aab31849e83c",
        "Migration0003.swift":
            "94f3ef50337a8143f6aef1d3b7ac377267b6410ef2d2d8ed0b0fb0b1c8ad20ec",
        "Migration0004.swift":
            "f1b9547bafa0aff5a8a3be30f10a8eb71d17e52fdbb15c1164109d3e87446040",
        "Migration0006.swift":
            "fcd153d12c26b349dca06e2bad26b338b5da9bd33b478bf0f715c3ef4c0a8bd7",
        "Migration0007.swift":
            "63b8ed57a3bdfe167c87c824b284c41a7d780e79f21e476b5442cdcb50d4e2d8",
        "PostgresMigration0001.swift":
            "41af708c12737316b7abcc930b0120f62cda057f54d19b000173e994b7761296",
        "PostgresMigration0002.swift":
            "8c9bb2970c795d4f61cecd4e3eba11739965abdaa59e9e4cb74693233a747894",
    ]

    /// Migrations that were edited, have no line, or are gone.
    static func findings(
        _ files: [Repository.TextFile],
        recorded: [String: String]
    ) -> [Finding] {
        var missing = Set(recorded.keys)
        var findings: [Finding] = []
        for file in files where isMigration(file) {
            missing.remove(file.name)
            let hash = SHA256.hash(data: Data(file.text.utf8))
                .map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
            guard recorded[file.name] != hash else { continue }
            let what =
                recorded[file.name] == nil
                ? "is not recorded" : "was edited: write a new migration once this one is released"
            findings.append(Finding(file.path, nil, "\(what); its SHA-256 is \(hash)"))
        }
        return findings + missing.sorted().map { Finding($0, nil, "is recorded and gone") }
    }

    private static func isMigration(_ file: Repository.TextFile) -> Bool {
        file.name != "Migration.swift"
            && (file.path.hasPrefix("Sources/Ledger/Migrations/Migration")
                || file.path.hasPrefix("Sources/LedgerPostgres/Migrations/"))
    }

    @Test func `released migrations stay as they are`() {
        expectNone(Self.findings(Repository.shared.files, recorded: Self.recorded))
    }

    @Test func `an edited, a new and a lost migration are found`() {
        let folder = "Sources/Ledger/Migrations/"
        let files = [
            Repository.TextFile(path: folder + "Migration.swift", text: "the runner"),
            Repository.TextFile(path: folder + "Migration0001.swift", text: "abc"),
            Repository.TextFile(path: folder + "Migration0002.swift", text: "abc"),
            Repository.TextFile(path: folder + "Migration0003.swift", text: "abc"),
        ]
        // FIPS 180-4, example of SHA-256 of "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let recorded = [
            "Migration0001.swift": abc, "Migration0002.swift": "00", "Migration0004.swift": abc,
        ]
        let found = Self.findings(files, recorded: recorded).map(\.path)
        #expect(
            found == [
                folder + "Migration0002.swift", folder + "Migration0003.swift",
                "Migration0004.swift",
            ]
        )
    }
}
