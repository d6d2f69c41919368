import Testing

@Suite struct BannedCallTests {
    @Test func `pure rooms ask no clock, no dice, no disk and no network`() {
        expectNone(Repository.shared.swift.flatMap(BannedCall.findings(in:)))
    }

    @Test(arguments: BannedCall.all.map(\.call))
    func `every banned call is found where it stands`(call: String) {
        let text = "let ours = 1\nlet planted = \(call.hasPrefix(".") ? "x" : "")\(call)"
        let found = BannedCall.findings(in: SwiftText(path: "Sources/Sync/A.swift", text: text))
        #expect(found.contains { $0.line == 2 && $0.what.hasPrefix(call) }, "\(found)")
    }

    @Test(arguments: [
        "let id = Identifier.random(&dice)",
        "let index = Int.random(in: 0..<9, using: &dice)",
        "let note = try SignedNote.open(bytes)",
        "func open(_ text: String) {}",
        "let date = Date(timeIntervalSince1970: seconds)",
        "// Date() would be wrong here",
        "let text = \"print(this)\"",
        "let isUpToDate = upToDate()",
        "bytes.append(contentsOf: more)",
    ])
    func `what only looks like a banned call is left alone`(line: String) {
        let file = SwiftText(path: "Sources/Codes/A.swift", text: line)
        #expect(BannedCall.findings(in: file) == [])
    }

    @Test func `a call inside an interpolation is code`() {
        let file = SwiftText(path: "Sources/Hub/A.swift", text: #"let id = "order \(UUID())""#)
        expectFound(BannedCall.findings(in: file), atLines: [1])
    }

    @Test func `a node's shell may wait for the store, and do no more`() {
        let text = "let saved = try await store.write()\nlet now = Date()"
        let shell = SwiftText(path: "Sources/Agent/TerminalShell.swift", text: text)
        expectFound(BannedCall.findings(in: shell), atLines: [2])
        let node = SwiftText(path: "Sources/Agent/TerminalNode.swift", text: text)
        expectFound(BannedCall.findings(in: node), atLines: [1, 2])
    }

    @Test func `the rim may call what it needs`() {
        let file = SwiftText(path: "Sources/Ledger/A.swift", text: "let now = Date()")
        #expect(BannedCall.findings(in: file) == [])
    }
}
