import Sync

/// One thing that every implementation of a port does.
///
/// The suites are a library without a test framework: a suite of any room runs them through its own
/// implementation, and a failure is an error with the sentence that did not hold.
public struct PortBehaviour<Port>: Sendable, CustomStringConvertible {
    /// A sentence.
    public let description: String
    private let body: @Sendable (Port) throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (Port) throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Tries a new, empty implementation.
    ///
    /// - Throws: ``PortFailure`` when it does otherwise.
    public func check(_ port: Port) throws { try body(port) }
}

/// What an implementation did otherwise.
public struct PortFailure: Error, CustomStringConvertible {
    public let description: String
}

/// Throws ``PortFailure`` unless both are equal.
func expect<Value: Equatable>(
    _ found: Value,
    _ expected: Value,
    _ what: String,
    file: StaticString = #fileID,
    line: UInt = #line
) throws {
    guard found != expected else { return }
    throw PortFailure(
        description: "\(file):\(line): \(what): found \(found), expected \(expected)"
    )
}
