import Foundation
import Ledger
import Tally

/// What a terminal says of its second journal.
struct JournalAnswer: Codable, Sendable {
    let operations: Int
    let lacking: Int
    let onlyInJournal: Int
    let isDamaged: Bool
    /// The last damage of the store that was mended, in words for the operator.
    let damage: String?
    let damagedFolders: [String]

    init(_ report: JournalReport) {
        operations = report.operations
        lacking = report.lacking
        onlyInJournal = report.onlyInJournal
        isDamaged = report.isDamaged
        damage = report.damage.map { "\($0.finding.rawValue), \($0.found): \($0.detail)" }
        damagedFolders = report.damagedFolders
    }

    /// Asks the daemon of a data folder, or looks into the folder where none runs.
    static func ask(_ folder: String) async throws -> JournalAnswer {
        struct Reply: Codable { let journal: [String: JournalAnswer] }
        let reply: Reply = try await Control.ask(folder, AgentRequest.journal) {
            let store = try LedgerStore(try DataFolder(folder))
            return Reply(journal: ["_0": JournalAnswer(try store.journalReport())])
        }
        guard let answer = reply.journal["_0"] else {
            throw FileTrouble(path: folder, reason: "the daemon did not answer")
        }
        return answer
    }
}
