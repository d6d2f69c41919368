import CPostgres
import Foundation

/// Where a PostgreSQL database is: a connection URI as libpq reads it
/// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING).
public struct DatabaseAddress: Hashable, Sendable {
    /// As it was given, password included.
    let text: String

    /// The same for people and logs: without user, password and settings.
    public let name: String

    /// Reads an address such as `postgres://tallyman@10.0.0.7:5432/tallyman`.
    ///
    /// - Parameter text: the address.
    /// - Throws: ``PostgresRefusal/badAddress(_:)``, which does not repeat a password.
    public init(_ text: String) throws {
        guard let start = text.firstRange(of: "://"),
            ["postgres", "postgresql"].contains(text[..<start.lowerBound])
        else { throw PostgresRefusal.badAddress("postgres://USER@HOST:PORT/DATABASE") }
        let body = text[start.upperBound...].prefix { $0 != "?" }
        let place = body.lastIndex(of: "@").map { body[body.index(after: $0)...] } ?? body
        self.text = text
        name = "postgres://\(place)"
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(text, &message) else {
            if let message { PQfreemem(message) }
            throw PostgresRefusal.badAddress(name)
        }
        PQconninfoFree(options)
    }
}
