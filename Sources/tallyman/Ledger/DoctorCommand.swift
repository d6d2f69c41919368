import ArgumentParser
import Foundation
import Glibc
import Hub
import Ledger
import Sync
import Tally
import Web

/// `tallyman doctor`: looks at everything that a daemon needs; a line a check.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check database, chain, digests, clock, disk, texts, decoder and devices."
    )

    @OptionGroup var data: DataOptions

    func run() async throws {
        try await Output.orExit {
            var isWell = true
            func check(_ name: String, _ look: () async throws -> String) async {
                do {
                    Output.result("ok    \(name): \(try await look())")
                } catch {
                    isWell = false
                    Output.result("FAIL  \(name): \(Output.words(error))")
                }
            }
            await check("database") {
                try LedgerFile.require(in: data.data)
                return data.data
            }
            await check("chain and digests") { try await verified() }
            await check("second copy") { try await secondCopy() }
            await check("clock", clock)
            await check("disk", disk)
            await check("texts") {
                _ = try StringTable(try Texts.folder())
                return "zh-CN and en"
            }
            await check("decoder") {
                _ = try TerminalQR.text("tallyman")
                return "answers"
            }
            await check("devices") { try await DeviceCheck.look(data.data) }
            if !isWell { throw ExitCode.failure }
        }
    }

    private func verified() async throws -> String {
        var command = VerifyCommand()
        command.data = data
        let answer = try await command.verified()
        guard answer.sound else {
            throw Trouble(text: answer.differenceText ?? answer.difference ?? "")
        }
        return "\(answer.operations) operations, \(answer.cells) cells"
    }

    /// What the terminal's second journal has, and damage that was mended and nobody looked at yet.
    private func secondCopy() async throws -> String {
        guard FileManager.default.fileExists(atPath: data.data + "/journal") else {
            return "none, as at a hub"
        }
        let report = try await JournalAnswer.ask(data.data)
        if report.isDamaged { throw Trouble(text: "damaged; the next start makes it anew") }
        if report.onlyInJournal > 0 {
            throw Trouble(
                text: "\(report.onlyInJournal) operations that the database lost; "
                    + "the next start of the terminal brings them back"
            )
        }
        if report.lacking > 0 {
            throw Trouble(text: "lacks \(report.lacking) operations; restart the terminal")
        }
        if let folder = report.damagedFolders.last {
            throw Trouble(
                text: "the store was damaged and is mended (\(report.damage ?? "")); "
                    + "check the disk, then take away \(folder)"
            )
        }
        return "\(report.operations) operations"
    }

    private func clock() throws -> String {
        let reading = try MachineClock().reading()
        guard reading.wall > Moment(milliseconds: 1_735_689_600_000) else {
            throw Trouble(text: "the clock says \(reading.wall), which cannot be")
        }
        return reading.wall.description
    }

    private func disk() throws -> String {
        var status = statvfs()
        guard statvfs(data.data, &status) == 0 else { throw Trouble(text: "cannot be looked at") }
        let free = (Int(status.f_bavail) * Int(status.f_frsize)) >> 20
        guard free >= 64 else { throw Trouble(text: "\(free) MiB free, 64 are needed") }
        return "\(free) MiB free"
    }

    private struct Trouble: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
