import AsyncHTTPClient
import Foundation
import Ledger
import LedgerPostgres
import Tally
import Web

/// The way from a command to the hub of a data folder: through the daemon where one runs, else by
/// opening the folder itself.
struct Office: Sendable {
    private let place: HubPlace

    init(_ place: HubPlace) { self.place = place }

    func ask(_ request: HubRequest) async throws -> HubAnswer {
        try await Control.ask(place.folder, request) {
            if !request.mayFoundHub, try place.address() == nil {
                try LedgerFile.require(in: place.folder)
            }
            let desk = try await HubDesk.open(place)
            defer { desk.postgres?.close() }
            return try await desk.answer(request)
        }
    }
}

/// A typed exchange over a control socket.
enum Control {
    /// One that takes "refused" for an answer: a daemon that was killed leaves its socket behind,
    /// and trying again would only wait for nobody.
    private static let client = HTTPClient(
        eventLoopGroup: HTTPClient.defaultEventLoopGroup,
        configuration: HTTPHubLink.configuration
    )

    /// Asks the daemon that owns `folder`; where none runs, `alone` does the work.
    static func ask<Request: Encodable, Answer: Decodable>(
        _ folder: String,
        _ request: Request,
        alone: () async throws -> Answer
    ) async throws -> Answer {
        do {
            let answer = try await ControlClient.ask(
                Array(try JSONEncoder().encode(request)),
                socket: ControlSocket.path(of: folder),
                client: client
            )
            return try JSONDecoder().decode(Answer.self, from: Data(answer))
        } catch is ControlClient.NobodyThere {
            return try await alone()
        }
    }

    /// Routes that answer such requests.
    static func routes<Request: Decodable & Sendable, Answer: Encodable & Sendable>(
        _ answer: @escaping @Sendable (Request) async throws -> Answer
    ) -> ControlRoutes {
        ControlRoutes { bytes in
            let request = try JSONDecoder().decode(Request.self, from: Data(bytes))
            return Array(try JSONEncoder().encode(try await answer(request)))
        }
    }
}
