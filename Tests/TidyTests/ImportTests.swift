import Foundation
import Testing

/// Who may know whom.
///
/// Each check runs over the package, and over a planted sample that it must find.
@Suite struct ImportTests {
    @Test func `every room is in the import table`() {
        #expect(Set(Repository.shared.rooms) == Set(ImportTable.rules.keys))
    }

    @Test func `rooms import only what the table allows`() {
        expectNone(Repository.shared.swift.flatMap(ImportTable.findings(in:)))
    }

    @Test func `an import that the table does not allow is found`() {
        let file = SwiftText(
            path: "Sources/Receiving/Planted.swift",
            text: """
                import Codes
                // import GRDB
                @preconcurrency import GRDB
                public import struct Inspection.Finding
                let text = "import Sync"
                """
        )
        expectFound(ImportTable.findings(in: file), atLines: [3, 4])
    }

    @Test func `only a node's shell may hold a lock`() {
        let text = "import Synchronization"
        let shell = SwiftText(path: "Sources/Hub/HubShell.swift", text: text)
        #expect(ImportTable.findings(in: shell) == [])
        let node = SwiftText(path: "Sources/Hub/HubNode.swift", text: text)
        expectFound(ImportTable.findings(in: node), atLines: [1])
    }

    @Test func `a folder that is no room is found`() {
        let file = SwiftText(path: "Sources/Stray/A.swift", text: "import Tally")
        expectFound(ImportTable.findings(in: file), atLines: [nil])
    }

    @Test func `targets depend only on what the table allows`() throws {
        let found = Repository.shared.file("Package.swift")
        let file = try #require(found)
        let manifest = Manifest(text: file.text)
        let built = Set(manifest.targets.filter { !$0.isTest }.map(\.name))
        #expect(built == Set(ImportTable.rules.keys))
        expectNone(ImportTable.findings(in: manifest))
    }

    @Test func `a dependency that the table does not allow is found in the manifest`() {
        let manifest = Manifest(
            text: """
                let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
                let core: [Target.Dependency] = ["Tally", "Codes"]
                let package = Package(
                    targets: [
                        room("Receiving", core + [grdb], protocols: ["receiving"]),
                        // room("Sync", ["Hub"]),
                        .executableTarget(name: "tallyman", dependencies: ["ImagingWorker", odd]),
                        .testTarget(name: "SomeTests", dependencies: ["ImagingWorker"]),
                    ]
                )
                """
        )
        let findings = ImportTable.findings(in: manifest).map(\.what).sorted()
        #expect(
            findings == [
                "Receiving may not depend on GRDB", "not understood: odd",
                "tallyman may not depend on ImagingWorker",
            ]
        )
    }

    @Test func `every suite is built`() throws {
        let found = Repository.shared.file("Package.swift")
        let file = try #require(found)
        let built = Set(Manifest(text: file.text).targets.filter(\.isTest).map(\.name))
        #expect(built == Set(Repository.shared.suites))
    }

    @Test func `domain rooms are strangers to one another`() {
        for room in ImportTable.domain {
            let rule = ImportTable.rules[room]
            #expect(rule?.rooms.isDisjoint(with: ImportTable.domain) == true, "\(room)")
        }
    }

    @Test func `the core knows neither nodes nor rim`() {
        for room in ImportTable.core {
            let rule = ImportTable.rules[room]
            #expect(rule?.rooms.isSubset(of: ImportTable.core) == true, "\(room)")
        }
    }

    @Test func `nothing links the imaging worker`() throws {
        let found = Repository.shared.file("Package.swift")
        let file = try #require(found)
        let linking = Manifest(text: file.text).targets.filter {
            $0.dependencies.contains("ImagingWorker")
        }
        #expect(linking.map(\.name) == [])
    }
}
