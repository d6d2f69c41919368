import Agent
import HTTPTypes
import Hummingbird
import Sync
import Tally

/// Photos taken on the page.
///
/// | request | does |
/// |---|---|
/// | `POST /photo?request=<name>` | keeps a JPEG or PNG and puts it where the page asks for one |
extension KioskPages {
    func addPhotos(_ photos: KioskPhotos, to router: some RouterMethods<BasicRequestContext>) {
        router.post("photo") { request, _ in try await takePhoto(request, photos) }
    }

    /// Answers as `POST /scan` does; a photo that is refused is told on the page.
    private func takePhoto(_ request: Request, _ photos: KioskPhotos) async throws -> Response {
        let (id, _) = await session(of: request)
        let named = request.uri.queryParameters["request"].map { String($0.prefix(64)) } ?? ""
        let content: [UInt8]?
        do {
            content = try await PhotoRoutes.collect(request)
        } catch is BlobRefusal {
            // One byte too many says the same on the page.
            content = nil
        }
        return try await change(id, request, named: named) { page in
            guard let content else {
                let most = BlobManifest.lengthMax
                throw BlobRefusal.tooLong(count: most + 1, most: most)
            }
            let kept = try await photos.keep(content)
            let result = try await shell.take(photo: kept.photo, on: page.session)
            page.session = result.session
            page.feedback = result.feedback
            try await passSkipped(&page)
        }
    }

    /// How many photos wait for the hub, for the strip.
    func photosWaiting() async -> Int {
        // What cannot be counted now is counted at the next look.
        (try? await photos?.waiting()) ?? 0
    }
}
