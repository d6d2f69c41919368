import Testing

@Suite struct NamingTests {
    private let files = Repository.shared.swift

    @Test func `no name says nothing`() {
        expectNone(Repository.shared.files.map(\.path).flatMap(Naming.emptyName))
    }

    @Test func `a name that says nothing is found`() {
        #expect(Naming.emptyName("Sources/Hub/StringUtils.swift").count == 1)
        #expect(Naming.emptyName("Sources/Hub/Helpers/Text.swift").count == 1)
        #expect(Naming.emptyName("Sources/Hub/CommonCold.swift") == [])
    }

    @Test func `what other rooms see is documented`() {
        let promised = Set(files.filter { $0.path.hasPrefix("Sources/") }.flatMap(Naming.promises))
        expectNone(files.flatMap { Naming.undocumented($0, promised: promised) })
    }

    @Test func `an undocumented declaration is found, public or package`() {
        let file = SwiftText(
            path: "Sources/Hub/Planted.swift",
            text: """
                /// Documented.
                @frozen
                public struct Told {
                    public static func untold() {}
                    package func alsoUntold() {}
                    func ours() {}
                    public static func == (one: Told, other: Told) -> Bool { true }
                }
                public import Tally
                @MainActor
                public final class Untold {}
                """
        )
        expectFound(Naming.undocumented(file), atLines: [4, 5, 11])
    }

    @Test func `what a protocol tells need not be told again`() {
        let file = SwiftText(
            path: "Sources/Hub/Planted.swift",
            text: """
                public protocol Port {
                    /// Sends.
                    func send(_ text: String)
                }
                """
        )
        #expect(Naming.promises(file) == ["send"])
        let untold = SwiftText(path: "Sources/Hub/A.swift", text: "public func send() {}")
        #expect(Naming.undocumented(untold, promised: ["send"]) == [])
        expectFound(Naming.undocumented(untold), atLines: [1])
    }

    @Test func `no type has its module's name`() {
        expectNone(files.flatMap(Naming.namedAsModule))
    }

    @Test func `a type with its module's name is found`() {
        let file = SwiftText(
            path: "Sources/Hub/Hub.swift",
            text: "/// A hub.\npublic enum Hub: Sendable {}\nstruct HubNode {}"
        )
        expectFound(Naming.namedAsModule(file), atLines: [2])
    }
}
