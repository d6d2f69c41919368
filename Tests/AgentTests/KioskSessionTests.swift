import Agent
import Codes
import ExceptionReports
import Inspection
import NodePlant
import Receiving
import Sync
import Tally
import Testing

/// The page worked by a scanner alone: every step is a text that a code can hold.
@Suite struct KioskSessionTests {
    private let plant: NodePlant
    private let badge = WorkerBadge.text(badge: "W1")

    init() throws { plant = try NodePlant(terminals: 1) }

    private func plate() throws -> String { try Plate(tag: "LAT-01").text() }

    /// Scans one after another; the tones and messages that came back.
    private func scan(_ texts: [String], _ session: inout KioskSession) throws -> [String] {
        try texts.map { text in
            let feedback = try plant.scan(text, &session)
            return "\(feedback.tone.rawValue) \(feedback.message)"
        }
    }

    /// Scans what must be refused: page and store stay as they were.
    private func refused(_ text: String, _ session: KioskSession) -> (any Refusal)? {
        let before = plant.terminals[0].store.operationCount
        var after = session
        var refusal: (any Refusal)?
        do {
            let feedback = try plant.scan(text, &after)
            Issue.record("\(text) was taken: \(feedback.message)")
        } catch {
            refusal = error as? any Refusal
        }
        #expect(after == session, "\(text) changed the page")
        #expect(plant.terminals[0].store.operationCount == before, "\(text) recorded something")
        return refusal
    }

    private func receipt(_ session: KioskSession) throws -> Receipt {
        guard case .receipt(let id, _) = session.place else { throw AgentRefusal.nothingToUndo }
        let found = try plant.terminals[0].read { reader in
            Receipt(
                try reader.record(
                    of: EntityKey(
                        scope: NodePlant.dock,
                        kind: ReceivingRoom.EntityKind.receipt,
                        id: id
                    )
                )
            )
        }
        return try #require(found)
    }

    // MARK: - Photos

    @Test func `a photo is recorded with the damage that it was taken for, and no other`() throws {
        var session = KioskSession()
        let photo = ContentHash(of: [1, 2, 3])
        _ = try scan([badge, plant.makeNote(plant.note()), "TM:C:CHOICE:2"], &session)
        #expect(throws: AgentRefusal.photoHasNoPlace) { try plant.take(photo: photo, &session) }
        _ = try scan(["TM:C:DAMAGE"], &session)
        let taken = try plant.take(photo: photo, &session)
        #expect(taken.message == "kiosk.damage_photo" && taken.tone == .attention)
        let other = ContentHash(of: [4])
        _ = try plant.take(photo: other, &session)
        #expect(try scan(["3"], &session) == ["good kiosk.damaged_with_photo"])
        #expect(try scan(["TM:C:DAMAGE", "1"], &session).last == "good kiosk.damaged")
        _ = try scan(["TM:C:DAMAGE"], &session)
        _ = try plant.take(photo: photo, &session)
        #expect(
            try scan(["TM:C:CANCEL", "TM:C:DAMAGE", "2"], &session).last == "good kiosk.damaged"
        )
        let damages = try receipt(session).damages
        #expect(damages.map(\.photo) == [other.bytes, [], []])
        #expect(damages.map(\.quantity.amount) == [3, 1, 2])
    }

    @Test func `a photo is taken for a report and nowhere else`() throws {
        var session = KioskSession()
        let photo = ContentHash(of: [1, 2, 3])
        #expect(throws: AgentRefusal.nobodySignedIn) { try plant.take(photo: photo, &session) }
        _ = try scan([badge], &session)
        #expect(throws: AgentRefusal.photoHasNoPlace) { try plant.take(photo: photo, &session) }
        _ = try scan(["TM:C:REPORT", plate(), "TM:C:CHOICE:1"], &session)
        #expect(try plant.take(photo: photo, &session).message == "kiosk.photo_taken")
        _ = try scan(["TM:C:OK"], &session)
        guard case .exception(let id) = session.place else { throw AgentRefusal.nothingToUndo }
        let report = try plant.terminals[0].read { reader in
            let scope = NodePlant.floor
            return ExceptionReport(try reader.record(of: ExceptionRoom.reportKey(id, in: scope)))
        }
        #expect(report?.raising.photo == photo.bytes)
        #expect(throws: AgentRefusal.photoHasNoPlace) { try plant.take(photo: photo, &session) }
    }

    @Test func `what is no photo's name is refused`() throws {
        var session = KioskSession()
        _ = try scan([badge, plant.makeNote(plant.note())], &session)
        let id = try receipt(session).key.id.description
        let command = FloorCommand.reportDamage(
            receipt: id,
            line: 1,
            quantity: "1",
            photo: "abc"
        )
        #expect(throws: AgentRefusal.badIdentifier(field: "photo", value: "abc")) {
            try plant.run(command)
        }
    }

    // MARK: - Receiving

    @Test func `a long note is opened when its parts are there, in any order`() throws {
        var note = plant.note()
        var dice = SeededDice(seed: 11)
        note.lines = (1...60).map { number in
            NoteContent.Line(
                number: number,
                material: "BOLT-M8",
                quantity: Quantity(count: 5),
                serials: [Identifier.random(&dice).description]
            )
        }
        let text = try plant.makeNote(note)
        var parts = try NotePart.texts(of: text)
        #expect(parts.count >= 3)
        parts.swapAt(0, parts.count - 1)
        var session = KioskSession()
        _ = try scan([badge], &session)
        for (index, part) in parts.dropLast().enumerated() {
            let feedback = try plant.scan(part, &session)
            #expect(feedback.message == "kiosk.note_part")
            #expect(feedback.tone == .attention)
            #expect(feedback.facts["have"] == String(index + 1))
            #expect(feedback.facts["count"] == String(parts.count))
            #expect(try plant.scan(part, &session).tone == .again)
            #expect(session.place == .home)
        }
        _ = refused(String(parts[parts.count - 1].dropLast()), session)
        let last = parts[parts.count - 1] + "\r"
        #expect(try scan([last], &session) == ["good kiosk.receipt_opened"])
        #expect(try receipt(session).note.lines.count == 60)
        #expect(session.noteParts == nil)
    }

    /// Anybody can print a part; its check is for misreading only.
    @Test func `a forged part that was scanned first does not keep out the right ones`() throws {
        var note = plant.note()
        var dice = SeededDice(seed: 12)
        note.lines = (1...60).map { number in
            NoteContent.Line(
                number: number,
                material: "BOLT-M8",
                quantity: Quantity(count: 5),
                serials: [Identifier.random(&dice).description]
            )
        }
        let parts = try NotePart.texts(of: plant.makeNote(note))
        // The first part's name and number, and a piece that somebody made up.
        let head = String(parts[0].prefix(28))
        let piece = "TMN1:MADE-UP"
        let hash = ContentHash(of: Array(("tallyman/part/1" + head + piece).utf8)).bytes
        let check = Array(hash.prefix(4)).hexadecimal.uppercased()
        let forged = head + check + ":" + piece
        var session = KioskSession()
        _ = try scan([badge, forged], &session)
        #expect(session.noteParts?.haveCount == 1)
        let before = plant.terminals[0].store.operationCount
        let clash = try plant.scan(parts[0], &session)
        #expect(clash.tone == .wrong && clash.message == "problem.codes.note_part_altered")
        for part in parts.dropFirst().dropLast() { _ = try plant.scan(part, &session) }
        #expect(plant.terminals[0].store.operationCount == before)
        #expect(try scan([parts[parts.count - 1]], &session) == ["good kiosk.receipt_opened"])
        #expect(try receipt(session).note.lines.count == 60)

        // The forged part comes last: the whole is refused, and the right parts can come anew.
        session = KioskSession()
        _ = try scan([badge] + parts.dropFirst(), &session)
        let whole = try plant.scan(forged, &session)
        #expect(whole.tone == .wrong && whole.message == "problem.codes.note_part_altered")
        #expect(session.noteParts == nil)
        let answers = try scan(parts.dropFirst() + [parts[0]], &session)
        #expect(answers.last == "again kiosk.receipt_joined")
    }

    @Test func `a delivery is received by scans alone`() throws {
        // The terminal has never heard of the note: the paper is enough.
        let paper = try plant.makeNote(plant.note())
        var session = KioskSession()
        let cartons = plant.note().lines[0].cartons
        let answers = try scan(
            [
                badge, paper, "(00)\(cartons[0])", cartons[1], "TM:C:CHOICE:2", "TM:C:QTY:40",
                "60", "TM:C:UNDO", "TM:C:DAMAGE", "TM:C:QTY:3", "TM:C:PART-DONE",
            ],
            &session
        )
        #expect(
            answers == [
                "good kiosk.signed_in", "good kiosk.receipt_opened", "good kiosk.carton_seen",
                "good kiosk.carton_seen", "good kiosk.line_chosen", "good kiosk.counted",
                "good kiosk.counted", "good kiosk.undone", "attention kiosk.damage_how_many",
                "good kiosk.damaged", "good kiosk.part_done",
            ]
        )
        let open = try receipt(session)
        #expect(open.text == paper)
        #expect(open.totals.map(\.counted.amount) == [40, 40])
        #expect(open.totals.last?.damaged?.amount == 3)
        #expect(open.counts.map(\.isVoid) == [false, true])
        #expect(open.partsDone.map(\.author) == ["W1"])

        #expect(
            try scan(["TM:C:CLOSE-RECEIPT"], &session) == ["attention kiosk.receipt_closed_differs"]
        )
        #expect(try receipt(session).isClosed)
    }

    @Test func `as noted closes without a difference`() throws {
        let paper = try plant.makeNote(plant.note())
        var session = KioskSession()
        let answers = try scan(
            [badge, paper, "TM:C:AS-NOTED", "BOLT-M8", "TM:C:AS-NOTED", "TM:C:CLOSE-RECEIPT"],
            &session
        )
        #expect(
            answers.suffix(4) == [
                "good kiosk.counted_as_noted", "good kiosk.line_chosen",
                "good kiosk.counted_as_noted", "good kiosk.receipt_closed",
            ]
        )
        #expect(try receipt(session).counts.allSatisfy(\.asNoted))
    }

    @Test func `a note that is open is joined, by paper or by number`() throws {
        let paper = try plant.makeNote(plant.note())
        try plant.sync(0)
        var session = KioskSession()
        _ = try scan([badge, "DN-1"], &session)
        let place = session.place
        #expect(try scan(["TM:C:HOME"], &session) == ["good kiosk.home"])
        #expect(try scan([paper], &session) == ["again kiosk.receipt_joined"])
        #expect(session.place == place)
    }

    @Test func `undo goes back one record at a time`() throws {
        let paper = try plant.makeNote(plant.note())
        let carton = plant.note().lines[0].cartons[0]
        var session = KioskSession()
        _ = try scan([badge, paper, carton, "BOLT-M8", "7"], &session)
        _ = try scan(["TM:C:UNDO"], &session)
        #expect(try receipt(session).totals.map(\.counted.amount) == [20, 0])
        _ = try scan(["TM:C:UNDO"], &session)
        #expect(try receipt(session).totals.map(\.counted.amount) == [0, 0])
        #expect(refused("TM:C:UNDO", session)?.code == "agent.nothing_to_undo")
    }

    @Test func `what cannot be received is refused, and changes nothing`() throws {
        let paper = try plant.makeNote(plant.note())
        let cartons = plant.note().lines[0].cartons
        var session = KioskSession()
        #expect(refused(paper, session)?.code == "agent.nobody_signed_in")
        #expect(refused("TM:W:W9", session)?.code == "agent.unknown_worker")
        _ = try scan([badge], &session)
        #expect(refused("40", session)?.code == "agent.unexpected_scan")
        // A character in the packed part of the note is another one than the supplier signed.
        let place = paper.index(paper.endIndex, offsetBy: -4)
        var altered = paper
        altered.replaceSubrange(place...place, with: paper[place] == "A" ? "B" : "A")
        #expect(refused(altered, session) != nil)

        _ = try scan([paper, cartons[0]], &session)
        let again = try #require(refused(cartons[0], session))
        #expect(again.code == "receiving.carton_seen_again")
        #expect(again.facts["worker"] == "W1")
        #expect(KioskSession.Feedback(again).tone == .again)
        let strange = try #require(refused("340123450000000017", session))
        #expect(strange.code == "receiving.carton_not_on_note")
        #expect(KioskSession.Feedback(strange).tone == .wrong)
        #expect(refused("TM:C:CHOICE:9", session)?.code == "receiving.unknown_line")
        #expect(refused("TM:C:QTY:0", session)?.code == "receiving.not_positive")
        #expect(refused("M-UNKNOWN", session)?.code == "agent.unexpected_scan")
        #expect(refused("TM:C:YES", session)?.code == "agent.unexpected_scan")
        #expect(refused("(00)340123450000000018", session) != nil)
        _ = try scan(["TM:C:CLOSE-RECEIPT"], &session)
        #expect(refused("TM:C:AS-NOTED", session)?.code == "receiving.receipt_closed")
    }

    @Test func `the note of a stranger is refused`() throws {
        var session = KioskSession()
        _ = try scan([badge], &session)
        let forged = try SignedNote.make(
            plant.note(),
            seed: [UInt8](1...32),
            compressor: NodePlant.compressor
        )
        #expect(refused(forged, session) is NoteRefusal)
    }

    // MARK: - Inspection

    @Test func `a machine is inspected by scans alone`() throws {
        var session = KioskSession()
        let answers = try scan(
            [badge, try plate(), "TM:C:YES", "0.12", "TM:C:UNDO", "0.55", "TM:C:SIGN"],
            &session
        )
        #expect(
            answers == [
                "good kiosk.signed_in", "good kiosk.inspection_begun", "good kiosk.answered",
                "attention kiosk.answered_bad", "attention kiosk.asked_again",
                "good kiosk.answered", "good kiosk.inspection_signed",
            ]
        )
        #expect(session.place == .home)
        let inspections = try plant.terminals[0].read { reader in
            try reader.records(kind: InspectionRoom.EntityKind.inspection)
                .compactMap(MachineInspection.init)
        }
        let inspection = try #require(inspections.first)
        #expect(inspection.isSigned)
        #expect(inspection.signed?.author == "W1")
        #expect(inspection.findings.isEmpty, "the bad answer was replaced")
        #expect(inspection.answers.count == 3, "and stays visible")
    }

    @Test func `what is no answer is refused, and changes nothing`() throws {
        var session = KioskSession()
        _ = try scan([badge], &session)
        let unknown = try Plate(tag: "LAT-99").text()
        #expect(refused(unknown, session)?.code == "inspection.unknown_equipment")
        _ = try scan([try plate()], &session)
        #expect(refused("maybe", session)?.code == "agent.unexpected_scan")
        #expect(refused("TM:C:SIGN", session)?.code == "inspection.answers_missing")
        #expect(refused("TM:C:UNDO", session)?.code == "agent.nothing_to_undo")
        _ = try scan(["TM:C:NO", "TM:C:NO"], &session)
        #expect(refused("high", session)?.code == "agent.bad_number")
        #expect(refused("TM:C:AS-NOTED", session)?.code == "agent.unexpected_scan")
        _ = try scan(["0.55"], &session)
        #expect(refused("0.56", session)?.code == "agent.unexpected_scan")
    }

    // MARK: - Exceptions

    @Test func `an exception is reported by scans alone`() throws {
        var session = KioskSession(language: .english)
        let answers = try scan(
            [badge, "TM:C:REPORT", try plate(), "TM:C:CATEGORY:QUALITY", "burrs", "TM:C:OK"],
            &session
        )
        #expect(
            answers == [
                "good kiosk.signed_in", "good kiosk.report_begun", "good kiosk.report_equipment",
                "good kiosk.report_category", "good kiosk.report_words", "good kiosk.report_raised",
            ]
        )
        guard case .exception(let id) = session.place else {
            Issue.record("the page does not show the report")
            return
        }
        let found = try plant.terminals[0].read { reader in
            let key = ExceptionRoom.reportKey(id, in: NodePlant.floor)
            return ExceptionReport(try reader.record(of: key))
        }
        let report = try #require(found)
        #expect(report.raising.category == "quality")
        #expect(report.raising.equipment == "LAT-01")
        #expect(report.raising.text == "burrs")
        #expect(report.raised.author == "W1")
    }

    @Test func `a report that lacks something is refused, and nothing is raised`() throws {
        var session = KioskSession()
        _ = try scan([badge, "TM:C:REPORT"], &session)
        #expect(refused("TM:C:OK", session)?.facts["expected"] == "kiosk.expects_plate")
        #expect(refused("TM:C:CHOICE:2", session)?.code == "agent.unknown_category")
        #expect(refused("TM:C:CATEGORY:LUCK", session)?.code == "agent.unknown_category")
        _ = try scan([try plate()], &session)
        #expect(refused("TM:C:OK", session)?.facts["expected"] == "kiosk.expects_category")
        #expect(try scan(["TM:C:CHOICE:1"], &session) == ["good kiosk.report_category"])
        #expect(try scan(["TM:C:CANCEL"], &session) == ["good kiosk.cancelled"])
        #expect(session.place == .home)
    }

    // MARK: - The page

    @Test func `the language is switched without signing in`() throws {
        var session = KioskSession()
        #expect(session.language == .chinese)
        #expect(try scan(["TM:C:LANG:EN"], &session) == ["good kiosk.language_changed"])
        #expect(session.language == .english)
    }

    @Test func `another worker's badge goes back home, one's own stays`() throws {
        var session = KioskSession()
        _ = try scan([badge, "TM:C:REPORT", badge], &session)
        #expect(session.place != .home)
        let feedback = try plant.scan(WorkerBadge.text(badge: "W2"), &session)
        #expect(feedback.facts["name"] == "李强")
        #expect(session.worker == "W2")
        #expect(session.place == .home)
    }
}
