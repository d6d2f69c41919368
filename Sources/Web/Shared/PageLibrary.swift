import Mustache

/// The page templates, parsed once at start.
///
/// Values are HTML-escaped where they are filled in.
public struct PageLibrary: Sendable {
    private let library: MustacheLibrary

    /// Reads the templates of a folder such as `Kiosk`; each is known as `Kiosk/<name>`.
    ///
    /// - Throws: ``TemplateError`` naming the file.
    public init(_ folder: TemplateFolder, _ name: String) throws(TemplateError) {
        let ending = ".mustache"
        var library = MustacheLibrary()
        for path in folder.paths(in: name, ending: ending) {
            let text = try folder.text(path)
            do {
                try library.register(text, named: String(path.dropLast(ending.count)))
            } catch {
                throw .malformed(path, detail: "\(error)")
            }
        }
        self.library = library
    }

    /// Renders a page.
    ///
    /// - Throws: ``TemplateError/missing(_:folders:)`` when there is no such template.
    public func render(_ name: String, _ view: Any) throws(TemplateError) -> String {
        guard let text = library.render(view, withTemplate: name) else {
            throw .missing("\(name).mustache", folders: [])
        }
        return text
    }
}
