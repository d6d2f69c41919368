import Agent
import Codes
import ExceptionReports
import Forms
import Foundation
import HTTPTypes
import Hummingbird
import Inspection
import Logging
import NIOCore
import Receiving
import Sync
import Tally

extension KioskPages {
    /// Takes what was scanned, typed or pressed.
    func scan(_ request: Request) async throws -> Response {
        let (id, _) = await session(of: request)
        do {
            var text = try await Self.text(of: request)
            if text.isTyped, let devices {
                text = try KioskText(devices.typed(text.text), request: text.request)
            }
            let read = text
            return try await change(id, request, named: read.request) { page in
                try await scanned(read, &page)
            }
        } catch let refusal as KioskRefusal {
            return try await refuse(refusal, id, request)
        }
    }

    /// Takes a text on a page.
    func scanned(_ text: KioskText, _ page: inout KioskSessions.Page) async throws {
        if page.isAtDevices {
            page.isAtDevices = false
            devices?.teach(false)
            page.feedback = nil
            if Self.isWayOut(text.text) { return }
        }
        let result = try await shell.scan(text.text, on: page.session)
        page.session = result.session
        page.feedback = result.feedback
        try await passSkipped(&page)
    }

    /// Goes to what was touched in a list.
    func open(_ request: Request, kind: String, id item: String) async throws -> Response {
        let (id, _) = await session(of: request)
        do {
            let named = try KioskText.request(
                body: try await Self.body(of: request),
                isJSON: Self.isJSON(request)
            )
            return try await change(id, request, named: named) { page in
                try await open(kind, item, &page)
            }
        } catch let refusal as KioskRefusal {
            return try await refuse(refusal, id, request)
        }
    }

    /// Changes a page; a request that was taken already is answered and not taken again.
    func change(
        _ id: String,
        _ request: Request,
        named: String,
        _ body: @escaping @Sendable (inout KioskSessions.Page) async throws -> Void
    ) async throws -> Response {
        let page = try await sessions.change(id, now: .now) { page in
            try await apply(named, &page, throwing: true, body)
        }
        guard let page else { throw HTTPError(.conflict) }
        return try await answer(.ok, page, id, request)
    }

    /// Does something to a page, unless it was done already; what was refused is shown.
    ///
    /// - Parameters:
    ///   - named: the name of what is done; empty when nobody named it.
    ///   - page: changed.
    ///   - throwing: whether what is wrong with the request itself is thrown.
    ///   - body: does it.
    /// - Throws: a ``KioskRefusal`` where `throwing`.
    func apply(
        _ named: String,
        _ page: inout KioskSessions.Page,
        throwing: Bool = false,
        _ body: @Sendable (inout KioskSessions.Page) async throws -> Void
    ) async throws {
        if page.hasTaken(named) { return }
        do {
            try await body(&page)
        } catch let refusal as KioskRefusal where throwing {
            throw refusal
        } catch let refusal as any Refusal {
            page.feedback = KioskSession.Feedback(refusal)
        } catch {
            logger.error("kiosk.failed", metadata: ["error": "\(error)"])
            page.feedback = KioskSession.Feedback(KioskRefusal.failed(detail: "\(error)"))
        }
        page.lastRequest = named
    }

    private func refuse(
        _ refusal: KioskRefusal,
        _ id: String,
        _ request: Request
    ) async throws -> Response {
        let page = try await sessions.change(id, now: .now) { page in
            page.feedback = KioskSession.Feedback(refusal)
        }
        guard let page else { throw HTTPError(.conflict) }
        return try await answer(Self.status(of: refusal), page, id, request)
    }

    private static func status(of refusal: KioskRefusal) -> HTTPResponse.Status {
        switch refusal {
        case .textTooLong: .contentTooLarge
        case .textMissing, .notText, .controlCharacter: .badRequest
        case .unknownItem: .notFound
        case .failed: .internalServerError
        }
    }

    private static func text(of request: Request) async throws -> KioskText {
        try KioskText(body: try await body(of: request), isJSON: isJSON(request))
    }

    private static func isJSON(_ request: Request) -> Bool {
        request.headers[.contentType]?.hasPrefix("application/json") == true
    }

    private static func body(of request: Request) async throws -> [UInt8] {
        do {
            return Array(buffer: try await request.body.collect(upTo: KioskText.requestBytesMax))
        } catch is NIOTooManyBytesError {
            let length = request.headers[.contentLength].flatMap { Int($0) }
            throw KioskRefusal.textTooLong(
                bytes: length ?? KioskText.requestBytesMax + 1,
                bytesMax: KioskText.bytesMax
            )
        }
    }
}

// MARK: - What can be touched

extension KioskPages {
    private func open(_ kind: String, _ item: String, _ page: inout KioskSessions.Page) async throws
    {
        guard let worker = page.session.worker else { throw AgentRefusal.nobodySignedIn }
        guard let site = try await shell.status().site else { throw AgentRefusal.notEnrolled }
        let unknown = KioskRefusal.unknownItem(kind: kind, id: String(item.prefix(60)))
        if kind == "skip" {
            try await skip(item, unknown, &page)
            return
        }
        if kind == "round" {
            page.feedback = nil
            return page.session.open(.round)
        }
        if kind == "section" { return try openSection(item, unknown, &page) }
        guard let id = Identifier(text: item) else { throw unknown }
        page.feedback = nil
        switch kind {
        case "receipt":
            let known = try await shell.read { reader, _ in try reader.receipt(id, site: site) }
            guard let receipt = known else { throw unknown }
            page.session.open(.receipt(id, line: receipt.note.lines.first?.number))
        case "note":
            try await openNote(id, unknown, worker, site, &page)
        case "inspection":
            try await openInspection(id, unknown, site, &page)
        case "equipment":
            let machines = try await shell.read { reader, _ in try reader.machines(site: site) }
            guard let machine = machines.first(where: { $0.equipment.key.id == id }) else {
                throw unknown
            }
            let tag = machine.equipment.tag
            let command = FloorCommand.beginInspection(equipment: tag, plateScanned: false)
            let saved = try await shell.run(command, by: worker)
            try await openInspection(saved.entity.id, unknown, site, &page)
            page.feedback = KioskSession.Feedback(
                .attention,
                "kiosk.inspection_begun_unread",
                ["equipment": tag]
            )
        case "machine", "stop-card":
            try await openMachine(id, isCard: kind == "stop-card", unknown, site, &page)
        case "order":
            let known = try await shell.read { reader, _ in
                try reader.maintenanceOrder(id, site: site) != nil
            }
            guard known else { throw unknown }
            page.session.open(.order(id))
        case "exception":
            let known = try await shell.read { reader, _ in
                try reader.exceptionReport(id, site: site) != nil
            }
            guard known else { throw unknown }
            page.session.open(.exception(id))
        default:
            throw unknown
        }
    }

    private func openNote(
        _ id: Identifier,
        _ unknown: KioskRefusal,
        _ worker: String,
        _ site: String,
        _ page: inout KioskSessions.Page
    ) async throws {
        let scope = Scope(site: site, area: ReceivingRoom.area)
        let key = EntityKey(scope: scope, kind: ReceivingRoom.EntityKind.deliveryNote, id: id)
        let note = try await shell.read { reader, _ in DeliveryNote(try reader.record(of: key)) }
        guard let note = note?.content else { throw unknown }
        let command = FloorCommand.openNote(supplier: note.supplier, number: note.number)
        let saved = try await shell.run(command, by: worker)
        page.session.open(.receipt(saved.entity.id, line: note.lines.first?.number))
        let message = saved.operations.isEmpty ? "kiosk.receipt_joined" : "kiosk.receipt_opened"
        page.feedback = KioskSession.Feedback(
            saved.operations.isEmpty ? .again : .good,
            message,
            ["note": note.number]
        )
    }

    private func openInspection(
        _ id: Identifier,
        _ unknown: KioskRefusal,
        _ site: String,
        _ page: inout KioskSessions.Page
    ) async throws {
        page.skipped = []
        guard let open = try await openQuestions(of: id, site) else { throw unknown }
        page.session.open(.inspection(id, question: open.first))
    }

    /// Passes over the question at hand; it is asked again when the inspection is opened anew.
    private func skip(
        _ question: String,
        _ unknown: KioskRefusal,
        _ page: inout KioskSessions.Page
    ) async throws {
        guard case .inspection(_, question) = page.session.place else { throw unknown }
        page.skipped.insert(question)
        page.feedback = nil
        try await passSkipped(&page)
    }

    /// Goes on to the next question that nobody passed over.
    func passSkipped(_ page: inout KioskSessions.Page) async throws {
        guard case .inspection(let id, let question?) = page.session.place else { return }
        guard page.skipped.contains(question), let site = try await shell.status().site,
            let open = try await openQuestions(of: id, site)
        else { return }
        let next = open.first { !page.skipped.contains($0) }
        page.session.open(.inspection(id, question: next))
    }

    /// The names of the questions that want an answer; nil when there is no such inspection.
    private func openQuestions(of id: Identifier, _ site: String) async throws -> [String]? {
        try await shell.read { reader, _ in
            guard let inspection = try reader.inspection(id, site: site) else { return nil }
            let form = try reader.form(of: inspection)
            return reader.openQuestions(of: inspection, in: form).map(\.name)
        }
    }
}
