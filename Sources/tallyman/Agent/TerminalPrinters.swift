import Drivers
import Foundation
import Labels
import Ledger
import Sync

/// The printers of a terminal's profile, put into the print queue's list as the daemon starts.
enum TerminalPrinters {
    /// The names of those that the last start put there.
    private static let setting = SettingKey("agent.profile_printers")

    /// Makes the queue's list have what the profile names, and tries what must answer now.
    ///
    /// A printer that left the profile leaves the list, unless jobs wait for it. What was added by
    /// command stays.
    ///
    /// - Returns: those that are left alone until the next start.
    /// - Throws: the fault of a printer without which the terminal is not to start, or what the
    ///   queue has against one; then the list is as it was.
    static func prepare(
        _ profile: TerminalProfile,
        _ store: LedgerStore
    ) async throws -> Set<String> {
        let queue = LedgerPrintQueue(store)
        let printers = try profile.printers()
        var resting: Set<String> = []
        for printer in printers where printer.onStartupError != .retry {
            guard let fault = fault(of: printer) else { continue }
            guard printer.onStartupError == .disable else { throw fault }
            resting.insert(printer.printer.name)
        }
        for printer in printers { try await queue.save(printer.printer) }
        let names = printers.map(\.printer.name)
        let kept = try await store.read { try $0.setting(setting) }
        let earlier = try kept.map { try JSONDecoder().decode([String].self, from: Data($0)) }
        for name in earlier ?? [] where !names.contains(name) {
            do {
                try await queue.removePrinter(name)
            } catch is PrintRefusal {
                // Jobs wait for it, or a command removed it: then it is as people want it.
            }
        }
        let bytes = Array(try JSONEncoder().encode(names))
        try await store.write { try $0.set(setting, to: bytes) }
        return resting
    }

    private static func fault(of printer: TerminalProfile.Printer) -> DeviceFault? {
        do {
            try printer.open()
            return nil
        } catch {
            return error
        }
    }
}
