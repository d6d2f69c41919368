/// What came back from a hub.
package struct Reply: Hashable, Sendable {
    package let status: Int
    /// The media type of the body; empty for none.
    package let mediaType: String
    package let body: [UInt8]

    package init(status: Int, mediaType: String, body: [UInt8]) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
    }
}

/// The way to the hub under test: plain requests, whole or broken off.
package protocol StrangerLine: Sendable {
    /// Sends a request with a body to a path such as `sync/v1/push`, and the header
    /// `tallyman-proof` where there is a proof.
    func post(_ path: String, _ body: [UInt8], proof: [UInt8]?) async throws -> Reply
    /// Asks for a path without a body.
    func get(_ path: String) async throws -> Reply
    /// Announces the whole body, sends the first `count` bytes of it, and breaks the connection.
    func breakOff(_ path: String, _ body: [UInt8], after count: Int) async
}

extension StrangerLine {
    /// Sends a request without a proof of its own.
    func post(_ path: String, _ body: [UInt8]) async throws -> Reply {
        try await post(path, body, proof: nil)
    }
}

/// A line on which what only asks is signed by a terminal.
struct ProvenLine: StrangerLine {
    static let questions = ["pull", "snapshot", "piece", "watch"]

    let line: any StrangerLine
    let terminal: Stranger

    /// Signs where the caller gives no proof and one is due.
    func post(_ path: String, _ body: [UInt8], proof: [UInt8]?) async throws -> Reply {
        guard proof == nil, let name = path.split(separator: "/").last.map(String.init),
            Self.questions.contains(name)
        else { return try await line.post(path, body, proof: proof) }
        return try await line.post(path, body, proof: terminal.proof(of: body, to: name))
    }

    func get(_ path: String) async throws -> Reply { try await line.get(path) }

    func breakOff(_ path: String, _ body: [UInt8], after count: Int) async {
        await line.breakOff(path, body, after: count)
    }
}

/// What a case found wrong, in words.
struct CaseFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Ends the case unless something holds.
func expect(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws {
    guard holds else { throw CaseFailure(otherwise()) }
}

/// Ends the case unless two things are equal.
func expect<Value: Equatable>(_ found: Value, is wanted: Value, _ what: String) throws {
    guard found == wanted else {
        throw CaseFailure("\(what) is \(found), expected \(wanted)")
    }
}
