import Testing

/// The form of the code: lengths, leftovers, forced calls.
///
/// Each check is tried on a planted sample.
@Suite struct ShapeTests {
    private let files = Repository.shared.swift

    private func planted(_ text: String, path: String = "Sources/Hub/Planted.swift") -> SwiftText {
        SwiftText(path: path, text: text)
    }

    @Test func `the checks see the package`() {
        let paths = files.map(\.path)
        #expect(paths.count > 50)
        #expect(paths.contains("Tests/TidyTests/ShapeTests.swift"))
    }

    @Test func `no file is longer than a person reads at a sitting`() {
        expectNone(files.flatMap(Shape.fileLength))
    }

    @Test func `a file of one line too many is found`() {
        let text = String(repeating: "let a = 1\n", count: Shape.fileLinesMax)
        #expect(Shape.fileLength(planted(text)) == [])
        expectFound(Shape.fileLength(planted(text + "let b = 2\n")), atLines: [nil])
        let path = "Tests/HubTests/Planted.swift"
        #expect(Shape.fileLength(planted(text + "let b = 2\n", path: path)) == [])
    }

    @Test func `no line is wider than the page`() {
        expectNone(files.flatMap(Shape.lineLength))
    }

    @Test func `a line of one column too many is found`() {
        let widest = "// " + String(repeating: "宽", count: Shape.columnsMax - 3)
        expectFound(Shape.lineLength(planted(widest + "\n" + widest + "宽")), atLines: [2])
    }

    @Test func `no function is longer than a screen`() {
        expectNone(files.flatMap(Shape.functionLength))
    }

    @Test func `a function of one line too many is found`() {
        let lines = String(repeating: "    count += 1\n", count: Shape.functionLinesMax - 2)
        let fits = "func fits() {\n" + lines + "}\n"
        let sample = fits + "public init(\n    a: Int\n) {\n" + lines + "}\n"
        expectFound(Shape.functionLength(planted(sample)), atLines: [Shape.functionLinesMax + 1])
    }

    @Test func `functions are measured by their braces`() {
        let sample = """
            protocol Port {
                func send(_ text: String) throws
                func close()
            }
            struct Line {
                @discardableResult
                static func join(_ parts: [String], by close: (String) -> String = { $0 }) -> String
                where Element: Sendable {
                    "}" + "{"  // } not code
                }
                init?(text: String) { nil }
                var isEmpty: Bool { true }
            }
            """
        #expect(
            Shape.functions(in: planted(sample).code) == [
                .init(name: "join", lines: 7...10), .init(name: "init", lines: 11...11),
            ]
        )
    }

    @Test func `nothing is left to do`() {
        expectNone(files.flatMap(Shape.leftovers))
    }

    @Test func `a leftover is found`() {
        let word = "TO" + "DO"
        let sample = "// \(word): later\nlet method\(word)S = 1\n// fine"
        expectFound(Shape.leftovers(planted(sample)), atLines: [1])
    }

    @Test func `nothing is forced`() {
        expectNone(files.flatMap(Shape.forcedCalls))
    }

    @Test func `a forced call is found`() {
        let sample = "let a = try? b()\nlet c = try! d()\nlet e = f as! G\n// try! this"
        expectFound(Shape.forcedCalls(planted(sample)), atLines: [2, 3])
    }

    @Test func `whoever vouches for a guard names it`() {
        expectNone(files.flatMap(Shape.uncheckedSendable))
    }

    @Test func `an unnamed guard is found`() {
        let sample = """
            /// Guarded by `lock`.
            final class Named: @unchecked Sendable {}

            final class Unnamed: @unchecked Sendable {}
            """
        expectFound(Shape.uncheckedSendable(planted(sample)), atLines: [4])
    }
}
