import Testing

/// One place that breaks a rule.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    /// From 1; nil where the whole file is meant.
    let line: Int?
    /// What is wrong, and what belongs there instead.
    let what: String

    init(_ path: String, _ line: Int? = nil, _ what: String) {
        self.path = path
        self.line = line
        self.what = what
    }

    var description: String { path + (line.map { ":\($0)" } ?? "") + ": " + what }
}

/// Fails once for each finding, so that a run names all of them.
func expectNone(
    _ findings: [Finding],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for finding in findings {
        Issue.record("\(finding.description)", sourceLocation: sourceLocation)
    }
}

/// Fails unless a planted bad sample is found, at just these lines: a check that cannot fail is no
/// check.
func expectFound(
    _ findings: [Finding],
    atLines lines: [Int?],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(findings.map(\.line) == lines, "\(findings)", sourceLocation: sourceLocation)
}
