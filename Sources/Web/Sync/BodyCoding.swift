import HTTPTypes
import Hummingbird
import NIOCore
import Sync
import Tally

/// Bodies of sync messages packed on the way: HTTP's content coding `deflate` (RFC 9110, 8.4.1.2: a
/// zlib stream).
///
/// A terminal says in each request that it takes packed answers, and a hub in each answer that it
/// takes packed requests (RFC 9110, 12.5.3). Whoever does not say so is sent plain bodies.
struct BodyCoding: Sendable {
    static let name = "deflate"
    /// A shorter body is sent as it is.
    private static let countMin = 512

    private let compressor: any Compressor

    init(_ compressor: any Compressor) { self.compressor = compressor }

    /// The body packed; nil where that does not make it shorter.
    func packed(_ body: [UInt8]) throws -> [UInt8]? {
        guard body.count >= Self.countMin else { return nil }
        let packed = try compressor.compress(body)
        return packed.count < body.count ? packed : nil
    }

    /// A body as it was before it was packed.
    ///
    /// - Parameters:
    ///   - body: what came.
    ///   - coding: what the message's head says; nil for a plain body.
    ///   - countMax: a longer one is refused.
    /// - Returns: the plain body.
    /// - Throws: ``SyncRefusal/malformed`` when it is packed in another way, damaged or too long.
    func plain(_ body: [UInt8], coding: String?, countMax: Int) throws -> [UInt8] {
        guard let coding, coding != "identity" else { return body }
        guard coding == Self.name else { throw SyncRefusal.malformed }
        do {
            return try compressor.decompress(body, countMax: countMax)
        } catch {
            throw SyncRefusal.malformed
        }
    }

    /// Whether a header that lists codings has ours.
    static func isNamed(in header: String?) -> Bool {
        (header ?? "").split(separator: ",").contains { item in
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " } }
            return parts.first == name
                && !parts.dropFirst().contains { ["q=0", "q=0.0"].contains($0) }
        }
    }
}
