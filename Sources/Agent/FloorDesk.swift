import Codes
import Sync
import Tally

/// Turns commands into drafts: finds the entities that they name and asks the rooms.
struct FloorDesk {
    typealias Outcome = (entity: EntityKey, drafts: [Draft])

    let site: String
    /// The badge code of who does it.
    let worker: String
    let reader: EntityReader
    let parser: CodeParser
    let compressor: any Compressor
    /// The terminal's wall clock.
    let now: Moment
    /// How many seconds the terminal's clock on the wall is ahead of UTC at a moment.
    let utcOffset: @Sendable (Moment) -> Int

    func drafts(for command: FloorCommand, dice: inout some Dice) throws -> Outcome {
        switch command {
        case .openReceipt, .openNote, .countLine, .countAsNoted, .seeCarton, .reportDamage,
            .correct, .finishPart, .closeReceipt:
            try receiving(command)
        case .settleCounts, .settleNotes:
            try rulings(command)
        case .openWithoutPapers, .countGoods, .acceptOver, .holdLot, .freeLot, .putAway:
            try goods(command, dice: &dice)
        case .beginInspection, .answerCheck, .signInspection:
            try inspection(command, dice: &dice)
        case .takeOrder, .pauseOrder, .resumeOrder, .handOverOrder, .noteOrder, .finishOrder:
            try maintenanceOrder(command)
        case .stopMachine, .releaseMachine, .answerMissed:
            try machine(command)
        case .raiseException, .editException, .moveException, .addToException, .settleException,
            .acknowledgeException:
            try exceptionReport(command)
        }
    }

    /// The entity of a kind in an area of this site.
    func key(_ kind: String, area: String, _ id: String, field: String) throws -> EntityKey {
        guard let id = Identifier(text: id) else {
            throw AgentRefusal.badIdentifier(field: field, value: id)
        }
        return EntityKey(scope: Scope(site: site, area: area), kind: kind, id: id)
    }

    func observation(_ text: String, field: String) throws -> OperationID {
        guard let id = OperationID(text: text) else {
            throw AgentRefusal.badIdentifier(field: field, value: text)
        }
        return id
    }
}
