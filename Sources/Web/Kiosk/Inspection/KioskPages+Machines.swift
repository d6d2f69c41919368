import Agent
import Codes
import HTTPTypes
import Hummingbird
import Inspection
import Sync
import Tally

extension KioskPages {
    /// Goes to the history or the stop card of a machine that was touched.
    func openMachine(
        _ id: Identifier,
        isCard: Bool,
        _ unknown: KioskRefusal,
        _ site: String,
        _ page: inout KioskSessions.Page
    ) async throws {
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let kind = InspectionRoom.EntityKind.equipment
        let known = try await shell.read { reader, _ in
            Equipment(try reader.record(of: EntityKey(scope: scope, kind: kind, id: id)))
        }
        guard let known else { throw unknown }
        page.session.open(
            isCard
                ? .stopCard(tag: known.tag, inspection: nil)
                : .machine(tag: known.tag, inspection: nil)
        )
    }

    /// A machine's stop card for paper: `GET /machines/<id>/stop-card`.
    func stopCard(_ request: Request, id text: String) async throws -> Response {
        let (_, page) = await session(of: request)
        guard let worker = page.session.worker, let id = Identifier(text: text),
            let site = try await shell.status().site
        else { return Response(status: .notFound) }
        let words = KioskWords(
            table: screen.table,
            language: page.session.language,
            zone: screen.zone,
            now: clock.reading().wall
        )
        let scope = Scope(site: site, area: TerminalNode.floorArea)
        let kind = InspectionRoom.EntityKind.equipment
        let card = try await shell.read { reader, _ in
            try Equipment(try reader.record(of: EntityKey(scope: scope, kind: kind, id: id)))
                .map { try StopCardView($0, worker: worker, reader, words) }
        }
        guard let card else { return Response(status: .notFound) }
        let paper = StopCardPaper(
            text: words.table.sections(words.language),
            language: words.language.rawValue,
            card: card,
            printed: words.text("eight_d.printed", ["time": words.date(words.now)])
        )
        let html = try pages.render("Kiosk/stop_card_paper", paper)
        return Self.response(.ok, "text/html; charset=utf-8", Array(html.utf8))
    }
}
