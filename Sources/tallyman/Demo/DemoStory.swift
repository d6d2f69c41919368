import Agent
import Codes
import Foundation
import Hub
import Imaging
import Tally
import Web

/// The main job, from the supplier's paper to the orders, told step by step.
struct DemoStory {
    let plant: DemoPlant
    let tell: (String) -> Void

    private var one: DemoPlant.Terminal { plant.terminals[0] }
    private var two: DemoPlant.Terminal { plant.terminals[1] }
    private let imaging = ImagingWorkerClient()

    init(_ plant: DemoPlant, tell: @escaping (String) -> Void) {
        self.plant = plant
        self.tell = tell
    }

    func play() async throws {
        try await plant.settle()
        tell("terminals dock-1 and dock-2 have the master data")
        let note = try await supplierMakesNote()
        let receipt = try await receiveOffline(note)
        try await inspectOffline()
        try await report()
        let unsynced = try await one.status().unsynced + two.status().unsynced
        tell("the link comes back: \(unsynced) records go to the hub")
        for terminal in plant.terminals { terminal.link.mend() }
        try await plant.settle()
        tell("all replicas agree, digest by digest")
        try await review(receipt)
        try await plant.settle()
    }

    // MARK: - The supplier's paper

    /// A note that terminal 1 never syncs; it comes as a picture of a QR code.
    private func supplierMakesNote() async throws -> NoteContent {
        one.link.cut()
        let json = try Texts.folder().content("Sample/note.json")
        let answer: HubAnswer = try await plant.hub.ask(
            HubRequest.makeNote(json: json, worker: "")
        )
        guard case .note(let text) = answer else { throw DemoFailure("the hub made no note") }
        let content = try NoteContent(json: Array(json), now: Moment(milliseconds: 0))
        try await plant.settle([two])
        two.link.cut()
        let path = plant.folder + "/note.png"
        try FileBytes.write(try imaging.png(of: QRContent(text: text), level: .medium), path)
        tell("supplier \(content.supplier) prints note \(content.number): \(path)")
        guard try read(path) == text else {
            throw DemoFailure("the note read from the picture is not the note that was made")
        }
        tell("both terminals are cut off from the hub; dock-1 has never heard of the note")
        return content
    }

    /// The text of the one code in a picture.
    private func read(_ path: String) throws -> String {
        let reading = try imaging.read(picture: try FileBytes.read(path))
        guard reading.symbols.count == 1, let symbol = reading.symbols.first else {
            throw DemoFailure("\(path) has \(reading.symbols.count) codes")
        }
        return symbol.text.text
    }

    // MARK: - Receiving

    private func receiveOffline(_ note: NoteContent) async throws -> String {
        let text = try read(plant.folder + "/note.png")
        let receipt = try await one.run(.openReceipt(note: text), by: "W001").entity
        let cartons = note.lines.flatMap(\.cartons)
        let typed = note.lines.filter(\.cartons.isEmpty)
        guard let twice = typed.first, let last = typed.last, cartons.count > 2 else {
            throw DemoFailure("the sample note has no cartons, or no lines to count")
        }
        for carton in cartons.prefix(cartons.count / 2 + 1) {
            try await one.run(.seeCarton(receipt: receipt, carton: carton), by: "W001")
        }
        let quantity = twice.quantity.number
        try await one.run(
            .countLine(receipt: receipt, line: twice.number, quantity: quantity),
            by: "W001"
        )
        tell(
            "dock-1: W001 scans the paper, sees cartons, types \(quantity) of line \(twice.number)"
        )
        one.daemon.kill()
        let known: AgentAnswer = try await one.daemon.start(
            AgentRequest.status,
            as: AgentAnswer.self
        )
        guard case .status(let status) = known, status.unsynced == cartons.count / 2 + 3 else {
            throw DemoFailure("dock-1 lost records when it was killed: \(known)")
        }
        tell(
            "dock-1 is killed with SIGKILL and started again: \(status.unsynced) records are there"
        )
        try await receiveAgain(note, receipt, cartons, twice)
        try await one.run(
            .countLine(receipt: receipt, line: last.number, quantity: last.quantity.number),
            by: "W001"
        )
        try await one.run(.finishPart(receipt: receipt), by: "W001")
        try await one.run(.closeReceipt(receipt: receipt), by: "W001")
        tell("dock-1: W001 counts the rest and closes the receipt")
        return receipt
    }

    /// The second clerk opens the same note, which this terminal has by sync, and counts a line
    /// that the first has counted: neither can know of the other.
    private func receiveAgain(
        _ note: NoteContent,
        _ receipt: String,
        _ cartons: [String],
        _ twice: NoteContent.Line
    ) async throws {
        let joined = try await two.run(
            .openNote(supplier: note.supplier, number: note.number),
            by: "W002"
        )
        guard joined.entity == receipt else {
            throw DemoFailure("the two terminals opened two receipts for one arrival")
        }
        for carton in cartons.suffix(cartons.count / 2) {
            try await two.run(.seeCarton(receipt: receipt, carton: carton), by: "W002")
        }
        try await two.run(
            .countLine(
                receipt: receipt,
                line: twice.number,
                quantity: twice.quantity.number
            ),
            by: "W002"
        )
        try await two.run(.finishPart(receipt: receipt), by: "W002")
        tell("dock-2: W002 opens the same note, sees cartons, types line \(twice.number) as well")
    }

    // MARK: - Inspection and exception

    private static let machine = "AIR-01"

    private func inspectOffline() async throws {
        let path = plant.folder + "/\(Self.machine).png"
        let plate = try Plate(tag: Self.machine)
        try FileBytes.write(
            try imaging.png(of: QRContent(text: plate.text()), level: .medium),
            path
        )
        let parser = CodeParser(compressor: NoteCompression.compressor)
        guard case .plate(let read) = try parser.meaning(of: try self.read(path)) else {
            throw DemoFailure("the machine's plate is not read as a plate")
        }
        try await inspect(on: one, by: "W003", read.tag, oilPressure: "0.31")
        try await inspect(on: two, by: "W004", read.tag, oilPressure: "0.33")
        tell("\(read.tag)'s plate is scanned on both terminals; both read the oil pressure too low")
    }

    private func inspect(
        on terminal: DemoPlant.Terminal,
        by worker: String,
        _ tag: String,
        oilPressure: String
    ) async throws {
        let inspection = try await terminal.run(
            .beginInspection(equipment: tag, plateScanned: true),
            by: worker
        ).entity
        let answers = [
            ("running", "yes"), ("oil_pressure", oilPressure), ("discharge_temperature", "85"),
            ("discharge_pressure", "0.72"), ("oil_level", "in_range"), ("oil_leak", "no"),
            ("condensate_drain", "yes"), ("inlet_filter_clean", "yes"), ("running_hours", "12345"),
        ]
        for (question, answer) in answers {
            try await terminal.run(
                .answerCheck(inspection: inspection, question: question, answer: answer),
                by: worker
            )
        }
        try await terminal.run(.signInspection(inspection: inspection), by: worker)
    }

    private func report() async throws {
        try await two.run(
            .raiseException(
                category: "quality",
                equipment: "INJ-01",
                text: "缩水、飞边 sink marks and flash on the last 30 parts"
            ),
            by: "W005"
        )
        tell("dock-2: line worker W005 reports a quality exception at INJ-01")
    }

    // MARK: - Review

    private func review(_ receipt: String) async throws {
        let orders = try await plant.orders()
        guard let order = orders.arrivalOrders.first(where: { $0.receipt == receipt }) else {
            throw DemoFailure("no arrival order follows from the receipt")
        }
        guard order.status == "held_for_review", let pair = order.doubleCounts.first else {
            throw DemoFailure("the line that was typed twice is not held for review")
        }
        tell(
            """
            \(order.number) is held for review: line \(pair.line), lot \(pair.lot)
                \(pair.one.what) by \(pair.one.worker) at \(pair.one.moment)
                \(pair.other.what) by \(pair.other.worker) at \(pair.other.moment)
            """
        )
        let _: HubAnswer = try await plant.hub.ask(
            HubRequest.settle(
                order: order.number,
                ruling: "same_goods",
                one: nil,
                other: nil,
                worker: "W007"
            )
        )
        tell("team leader W007 rules: the same goods; the revision goes to the ERP's outbox")
    }
}
