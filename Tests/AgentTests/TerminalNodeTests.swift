import Agent
import Hub
import NodePlant
import Sync
import Tally
import Testing

@Suite struct TerminalNodeTests {
    private func refusal(_ body: () throws -> TerminalNode.Saved) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? any Refusal)?.code.text
        }
    }

    @Test func `commands that name what is not there are refused, and record nothing`() throws {
        let plant = try NodePlant(terminals: 1)
        let terminal = plant.terminals[0]
        let before = terminal.store.operationCount
        let nobody = String(repeating: "0", count: 32)
        let commands: [(FloorCommand, String)] = [
            (.openNote(supplier: "S-1", number: "DN-9"), "receiving.unknown_note"),
            (.openReceipt(note: "TMN1:"), "codes.note_malformed"),
            (.countAsNoted(receipt: nobody, line: 1), "receiving.unknown_receipt"),
            (.closeReceipt(receipt: "x"), "agent.bad_identifier"),
            (.signInspection(inspection: nobody), "agent.unknown_record"),
            (.takeOrder(order: nobody), "agent.unknown_record"),
            (
                .raiseException(category: "luck", equipment: "LAT-01", text: ""),
                "agent.unknown_category"
            ),
            (
                .editException(report: nobody, section: "problem", text: "x"),
                "agent.unknown_record"
            ),
        ]
        for (command, code) in commands {
            #expect(refusal { try plant.run(command) } == code, "\(command)")
        }
        #expect(
            refusal { try plant.run(.openNote(supplier: "S-1", number: "DN-1"), by: "W9") }
                == "agent.unknown_worker"
        )
        #expect(terminal.store.operationCount == before)
    }

    @Test func `a terminal that was never enrolled says so`() throws {
        let store = MemoryStore()
        var dice = SeededDice(seed: 1)
        try store.write { transaction in
            let node = try TerminalNode(
                opening: transaction,
                vocabulary: PlantVocabulary.all,
                compressor: NodePlant.compressor,
                dice: &dice
            )
            #expect(throws: AgentRefusal.notEnrolled) { try node.site(in: transaction) }
        }
    }

    @Test func `what was saved is named by its operations, and a repeat saves nothing`() throws {
        let plant = try NodePlant(terminals: 1)
        _ = try plant.makeNote(plant.note())
        try plant.sync(0)
        let command = FloorCommand.openNote(supplier: "s-1", number: "DN-1")
        let saved = try plant.run(command)
        #expect(saved.operations.count == 1)
        let again = try plant.run(command)
        #expect(again.operations.isEmpty)
        #expect(again.entity == saved.entity)
    }
}
