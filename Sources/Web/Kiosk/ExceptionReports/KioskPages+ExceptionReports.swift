import Agent
import Codes
import ExceptionReports
import Foundation
import HTTPTypes
import Hummingbird
import Sync
import Tally

extension KioskPages {
    /// Goes to a section of the report that is shown.
    func openSection(
        _ name: String,
        _ unknown: KioskRefusal,
        _ page: inout KioskSessions.Page
    ) throws {
        guard case .exception = page.session.place, let section = Section(rawValue: name) else {
            throw unknown
        }
        page.session.write(section)
        page.feedback = nil
    }

    /// A report as an 8D, for paper: `GET /exceptions/<id>/8d`.
    func eightD(_ request: Request, id text: String) async throws -> Response {
        let (_, page) = await session(of: request)
        guard page.session.worker != nil, let id = Identifier(text: text),
            let site = try await shell.status().site
        else { return Response(status: .notFound) }
        let asked = request.uri.queryParameters["language"].map(String.init)
        let language = asked.flatMap { KioskWords.Language(rawValue: $0) } ?? page.session.language
        let words = KioskWords(
            table: screen.table,
            language: language,
            zone: screen.zone,
            now: clock.reading().wall
        )
        let view = try await shell.read { reader, _ in
            try reader.exceptionReport(id, site: site).map { try EightDView($0, reader, words) }
        }
        guard let view else { return Response(status: .notFound) }
        let html = try pages.render("Kiosk/eight_d", view)
        return Self.response(.ok, "text/html; charset=utf-8", Array(html.utf8))
    }
}
