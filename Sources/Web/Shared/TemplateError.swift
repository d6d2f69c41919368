import Tally

/// Why the carried files cannot be used: the program does not start without them.
public enum TemplateError: Refusal, Equatable {
    /// None of the folders exists.
    case noFolder([String])
    case missing(String, folders: [String])
    case unreadable(String, detail: String)
    /// A table of texts or a page is not what it should be.
    case malformed(String, detail: String)

    public var code: ProblemCode {
        switch self {
        case .noFolder: "web.templates_no_folder"
        case .missing: "web.template_missing"
        case .unreadable: "web.template_unreadable"
        case .malformed: "web.template_malformed"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .noFolder(let folders): ["folders": folders.joined(separator: ", ")]
        case .missing(let path, let folders):
            ["path": path, "folders": folders.joined(separator: ", ")]
        case .unreadable(let path, let detail), .malformed(let path, let detail):
            ["path": path, "detail": detail]
        }
    }
}
