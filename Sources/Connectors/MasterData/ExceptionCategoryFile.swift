import ExceptionReports
import Forms
import Workforce

/// A file of exception categories, read as an import reads it.
public enum ExceptionCategoryFile {
    /// Reads the categories of a file.
    ///
    /// - Parameters:
    ///   - name: the file's name.
    ///   - bytes: its content.
    /// - Returns: the categories, in the order of the file.
    /// - Throws: ``ImportRefusal`` for what is no YAML or JSON, or names a role that nobody can
    ///   have; `FormRefusal` with the path of what is wrong.
    public static func read(name: String, bytes: [UInt8]) throws -> [ExceptionCategory] {
        let categories = try ExceptionCategory.list(
            node: try DefinitionTree(name: name, bytes: bytes).node
        )
        for level in categories.flatMap(\.levels) where Role(rawValue: level.role) == nil {
            throw ImportRefusal.unknownReference(column: "escalation", read: level.role)
        }
        return categories
    }
}
