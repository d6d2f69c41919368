import Foundation
import Labels
import Ledger
import Tally
import Web

/// What the commands ask about printers and their queue.
enum PrintRequest: Codable, Sendable {
    case printers
    case savePrinter(PrinterSetting)
    case removePrinter(String)
    case jobs
    case print(PrintDesk.Order)
    /// Pages that the command filled in itself, as bytes.
    case printPages([UInt8], title: String, printer: String, copies: Int)
    case act(PrintDesk.Action, job: Int64, printer: String?)
}

/// A printer as commands give it.
struct PrinterSetting: Codable, Sendable {
    let name: String
    let connection: String
    let language: String
    let resolution: Int
    let widthMillimetres: Int
}

/// What is answered.
enum PrintAnswer: Codable, Sendable {
    case printers([PrinterDocument])
    case jobs([PrintJobDocument])
    case done
}

extension PrintDesk {
    /// Answers a command's request, in the daemon or in the command itself where none runs.
    func answer(_ request: PrintRequest) async throws -> PrintAnswer {
        switch request {
        case .printers:
            return .printers(try await queue.printers().map(PrinterDocument.init))
        case .savePrinter(let setting):
            try await queue.save(try setting.printer())
            return .done
        case .removePrinter(let name):
            try await queue.removePrinter(name)
            return .done
        case .jobs:
            return .jobs(try await jobs().map(PrintJobDocument.init))
        case .print(let order):
            return .jobs([PrintJobDocument(try await print(order))])
        case .printPages(let bytes, let title, let printer, let copies):
            let pages: [LabelSheet]
            do {
                pages = try LabelSheet.decoded(bytes)
            } catch {
                throw LabelRefusal.badData("\(error)")
            }
            let job = try await print(pages, title: title, to: printer, copies: copies)
            return .jobs([PrintJobDocument(job)])
        case .act(let action, let job, let printer):
            return .jobs([PrintJobDocument(try await act(action, on: job, to: printer))])
        }
    }
}

extension PrinterSetting {
    func printer() throws -> LabelPrinter {
        guard let language = LabelPrinter.Language(rawValue: language) else {
            throw PrintRefusal.badConnection(language)
        }
        return try LabelPrinter(
            name: name,
            connection: connection,
            language: language,
            resolution: resolution,
            width: widthMillimetres.multipliedReportingOverflow(by: 1_000).partialValue
        )
    }
}

/// The print desk of a terminal's data folder: the daemon's where one runs, else the folder's own.
struct PrintOffice: Sendable {
    let folder: String

    func ask(_ request: PrintRequest) async throws -> PrintAnswer {
        let answer = try await Control.ask(folder, AgentRequest.print(request)) {
            try LedgerFile.require(in: folder)
            let store = try LedgerStore(try DataFolder(folder))
            let desk = try PrintDesk.desk(store, clock: try MachineClock()) {}
            return AgentAnswer.print(try await desk.answer(request))
        }
        guard case .print(let answer) = answer else { return .done }
        return answer
    }
}

extension PrintDesk {
    /// The desk over a terminal's database.
    static func desk(
        _ store: LedgerStore,
        clock: MachineClock,
        wake: @escaping @Sendable () -> Void
    ) throws -> PrintDesk {
        let library = LabelLibrary(try Texts.folder())
        return PrintDesk(
            queue: LedgerPrintQueue(store),
            fill: { try library.filled($0) },
            wake: wake,
            clock: clock
        )
    }
}
