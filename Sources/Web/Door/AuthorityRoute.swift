import Hummingbird
import NIOCore

/// Tells a terminal that enrols the hub's certificate authority.
///
/// It is no secret; the terminal believes it by the pin in its enrolment token.
public struct AuthorityRoute: Sendable {
    private let authority: HubAuthority

    public init(_ authority: HubAuthority) { self.authority = authority }

    /// Puts the route on the hub's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        let pem = authority.pem
        router.get("sync/v1/authority") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/x-pem-file"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: pem))
            )
        }
    }
}
