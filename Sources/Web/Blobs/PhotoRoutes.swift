import HTTPTypes
import Hummingbird
import NIOCore
import Sync
import Tally

/// Photos for programs and pages.
///
/// | request | does |
/// |---|---|
/// | `POST /api/v1/photos` | at a terminal: keeps a JPEG or PNG; answers its name as `photo` |
/// | `GET /api/v1/photos/<SHA-256>` | the photo, with `?preview` a small one |
///
/// A photo's name is its SHA-256. The answer to the first has the name of the small picture as
/// `preview` beside it, or null where none can be made.
///
/// When a photo is not here yet, a terminal asks its hub for it and answers 404 meanwhile.
public struct PhotoRoutes: Sendable {
    private static let pieceCount = 256 << 10

    private let desk: BlobDesk
    private let makePreview: @Sendable ([UInt8]) async -> [UInt8]?
    private let want: @Sendable (ContentHash, _ isPreview: Bool) -> Void

    /// - Parameters:
    ///   - desk: the daemon's blobs.
    ///   - makePreview: makes a small JPEG of a picture; nil when it cannot.
    ///   - want: asks elsewhere for a photo that is not here, or for a small picture of it.
    public init(
        _ desk: BlobDesk,
        makePreview: @escaping @Sendable ([UInt8]) async -> [UInt8]? = { _ in nil },
        want: @escaping @Sendable (ContentHash, _ isPreview: Bool) -> Void = { _, _ in }
    ) {
        self.desk = desk
        self.makePreview = makePreview
        self.want = want
    }

    /// Puts the route that takes photos on a terminal's router.
    public func addTaking(to router: some RouterMethods<BasicRequestContext>) {
        router.post("api/v1/photos") { request, _ in
            do {
                let body = try await Self.collect(request)
                let kept = try await desk.keep(photo: body, makePreview: makePreview)
                let preview = kept.preview.map { "\"\($0.bytes.hexadecimal)\"" } ?? "null"
                let answer =
                    "{\"photo\":\"\(kept.photo.bytes.hexadecimal)\",\"preview\":\(preview)}"
                return Response.json(.ok, Array(answer.utf8))
            } catch let refusal as any Refusal {
                return try Response.problem(refusal, Self.status(of: refusal))
            }
        }
    }

    /// Puts the route that shows photos on a daemon's router.
    public func addShowing(to router: some RouterMethods<BasicRequestContext>) {
        router.get("api/v1/photos/:id") { request, context in
            let text = try context.parameters.require("id")
            do {
                guard let id = [UInt8](hexadecimal: text).flatMap({ ContentHash(bytes: $0) }) else {
                    throw SyncRefusal.malformed
                }
                return try await show(id, isPreview: request.uri.queryParameters["preview"] != nil)
            } catch let refusal as any Refusal {
                return try Response.problem(refusal, Self.status(of: refusal))
            }
        }
    }

    /// The body, read no further than a photo may be long.
    static func collect(_ request: Request) async throws -> [UInt8] {
        let most = BlobManifest.lengthMax
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            bytes += Array(buffer: buffer)
            guard bytes.count <= most else {
                throw BlobRefusal.tooLong(count: bytes.count, most: most)
            }
        }
        guard !bytes.isEmpty else { throw BlobRefusal.empty }
        return bytes
    }

    private func show(_ id: ContentHash, isPreview: Bool) async throws -> Response {
        let entry = try await desk.run { shelf in
            let preview = isPreview ? shelf.preview(of: id) : nil
            return preview ?? shelf.entry(id)
        }
        guard let entry, entry.isComplete else {
            want(id, isPreview)
            throw BlobRefusal.unknown(id)
        }
        let manifest = entry.manifest
        let desk = desk
        return Response(
            status: .ok,
            headers: [
                .contentType: manifest.mediaType,
                .cacheControl: "private, max-age=31536000, immutable",
            ],
            body: ResponseBody(contentLength: manifest.length) { writer in
                for start in stride(from: 0, to: manifest.length, by: Self.pieceCount) {
                    let bytes = try await desk.run {
                        try $0.read(manifest.id, at: start, count: Self.pieceCount)
                    }
                    try await writer.write(ByteBuffer(bytes: bytes))
                }
                try await writer.finish(nil)
            }
        )
    }

    private static func status(of refusal: any Refusal) -> HTTPResponse.Status {
        switch refusal {
        case BlobRefusal.unknown, BlobRefusal.incomplete: .notFound
        case BlobRefusal.tooLong: .contentTooLarge
        case BlobRefusal.noRoom: .noRoom
        case _ where refusal.code.text == "ledger.disk_full": .noRoom
        default: .badRequest
        }
    }
}
