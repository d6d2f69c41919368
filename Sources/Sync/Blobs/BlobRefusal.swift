import Tally

/// Why a blob, or a request about blobs, is refused.
///
/// Nothing was changed.
public enum BlobRefusal: Refusal, Equatable {
    case empty
    /// More bytes than a blob, or a preview, may have.
    case tooLong(count: Int, most: Int)
    /// The parts of a manifest do not fit together.
    case badManifest
    /// The content is not a picture of a kind that is taken.
    case notAPicture
    /// No such blob is here.
    case unknown(ContentHash)
    /// It has not come whole yet.
    case incomplete(ContentHash)
    /// The disk has no room left for blobs; records are still taken.
    case noRoom
    /// More blobs in one request than are taken at a time.
    case tooMany(Int)

    public var code: ProblemCode {
        switch self {
        case .empty: "blob.empty"
        case .tooLong: "blob.too_long"
        case .badManifest: "blob.bad_manifest"
        case .notAPicture: "blob.not_a_picture"
        case .unknown: "blob.unknown"
        case .incomplete: "blob.incomplete"
        case .noRoom: "blob.no_room"
        case .tooMany: "blob.too_many"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .empty, .badManifest, .notAPicture, .noRoom: [:]
        case .tooLong(let count, let most): ["count": String(count), "most": String(most)]
        case .unknown(let id), .incomplete(let id): ["blob": id.bytes.hexadecimal]
        case .tooMany(let count):
            ["count": String(count), "most": String(BlobOffer.countMax)]
        }
    }
}
