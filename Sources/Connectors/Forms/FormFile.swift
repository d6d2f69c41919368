import Forms
import Tally

/// A form as a file in YAML or JSON: `Templates/Inspection/form.schema.json` says what can stand
/// there.
public struct FormFile: Sendable {
    /// What is wrong, and on which line.
    public struct Fault: Equatable, Sendable {
        /// From 1.
        public let line: Int
        public let refusal: FormRefusal
    }

    public let name: String
    /// Nil when something is wrong.
    public let form: FormDefinition?
    /// By line; empty for a sound form.
    public let faults: [Fault]

    /// Reads a file, and all that is wrong with it: one fault a question.
    ///
    /// - Parameters:
    ///   - name: the file's name.
    ///   - bytes: its content.
    /// - Throws: ``ImportRefusal`` with its line, for what is no YAML or JSON at all.
    public init(name: String, bytes: [UInt8]) throws(ImportRefusal) {
        let tree = try DefinitionTree(name: name, bytes: bytes)
        let (form, faults) = FormDefinition.read(tree.node)
        self.name = name
        self.form = form
        self.faults = faults.map { refusal in
            guard case .definition(_, let path, _, _) = refusal else {
                return Fault(line: tree.line(of: ""), refusal: refusal)
            }
            return Fault(line: tree.line(of: path), refusal: refusal)
        }
        .sorted { $0.line < $1.line }
    }
}
