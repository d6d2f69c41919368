import Testing

@Suite struct DocumentTests {
    private let repository = Repository.shared

    private var pages: [Repository.TextFile] {
        repository.files.filter { $0.name.hasSuffix(".md") }
    }

    private func planted(_ text: String) -> Repository.TextFile {
        .init(path: "Sources/Hub/README.md", text: text)
    }

    @Test func `every room says what it is for`() {
        expectNone(Document.readmes(rooms: repository.rooms, files: repository.files))
    }

    @Test func `a room without a README, and one that says nothing, are found`() {
        let found = Document.readmes(rooms: ["Hub", "Web"], files: [planted("# Hub\n\nA room.\n")])
        #expect(found.map(\.path) == ["Sources/Hub/README.md", "Sources/Web/README.md"])
    }

    @Test func `every page has one title`() {
        let hasFront = pages.contains { $0.path == "README.md" }
        #expect(hasFront, "README.md is missing")
        expectNone(pages.flatMap(Document.titles))
    }

    @Test func `a second title is found, a comment in code is not`() {
        #expect(Document.titles(planted("# A\n```sh\n# not one\n```\n## B\n")) == [])
        expectFound(Document.titles(planted("# A\n\n# B\n")), atLines: [3])
        expectFound(Document.titles(planted("Text\n")), atLines: [nil])
    }

    @Test func `links between pages lead somewhere`() {
        expectNone(pages.flatMap { Document.links($0, exists: repository.exists) })
    }

    @Test func `a dead link is found`() {
        let page = planted(
            """
            # Hub
            [up](../Sync/README.md#wire) [out](https://example.org/x) [here](#there)
            ![picture](gone.png) and [dead](../../Gone/a.md)
            """
        )
        let files: Set<String> = ["Sources/Sync/README.md"]
        expectFound(Document.links(page, exists: files.contains), atLines: [3, 3])
    }

    @Test func `the root holds what a newcomer looks for and nothing else`() {
        expectNone(Document.strays(repository.topLevel, ignored: repository.ignored))
    }

    @Test func `a stray in the root is found`() {
        let names = [".ci", "Package.resolved", "README.md", "Sources", "notes.txt"]
        let found = Document.strays(names, ignored: [".build*", "Package.resolved"])
        #expect(found.map(\.path) == ["notes.txt"])
    }

    @Test func `nothing names a machine or a workplace`() {
        expectNone(repository.files.flatMap(Document.foreign))
    }

    @Test func `a word of one machine is found`() {
        for word in Document.foreignWords {
            expectFound(Document.foreign(planted("# Hub\nsee \(word)x\n")), atLines: [2])
        }
    }

    @Test func `other projects are named where they belong`() {
        expectNone(repository.swift.flatMap(Document.addresses))
    }

    @Test func `an address of another project is found`() {
        let file = SwiftText(path: "Sources/Hub/A.swift", text: "// https://git" + "hub.com/a/b")
        expectFound(Document.addresses(file), atLines: [1])
    }

    @Test func `templates that the code or a page names are there`() {
        expectNone(
            repository.swift.flatMap {
                PageTemplate.missingFiles(in: $0, exists: repository.exists)
            }
        )
        let templates = repository.files.filter { $0.name.hasSuffix(".mustache") }
        expectNone(
            templates.flatMap { PageTemplate.missingParts(in: $0, exists: repository.exists) }
        )
    }

    @Test func `a template that is not there is found`() {
        let files: Set<String> = ["Templates/Kiosk/page.mustache"]
        let file = SwiftText(
            path: "Sources/Web/A.swift",
            text: """
                let a = "Kiosk/page.mustache"
                let b = "Kiosk/gone.mustache"
                let c = pages.render("Kiosk/page", view)
                let d = pages.render("Kiosk/lost", view)
                let e = "Kiosk/\\(name).mustache"
                """
        )
        expectFound(PageTemplate.missingFiles(in: file, exists: files.contains), atLines: [2, 4])
        let page = planted("{{> Kiosk/page}}\n{{>Kiosk/gone}}")
        expectFound(PageTemplate.missingParts(in: page, exists: files.contains), atLines: [2])
    }
}
