import Agent
import Codes
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Web

/// Reads the rules for suppliers' own codes anew when one of their files changed.
///
/// New files are held against everything that they must be before anybody reads by them; while one
/// is wrong, the rules that were read before stay, and the log and `/healthz` say what is wrong.
final class CodeRuleWatch: Service {
    /// How the rules stand.
    struct Standing: Encodable, Sendable {
        /// How many rules codes are read by.
        var count: Int
        /// What is wrong in the files as they are now; absent when they are what codes are read by.
        var trouble: String?
    }

    private static let period = Duration.seconds(1)

    private let folder: TemplateFolder
    private let logger: Logger
    private let state: Mutex<State>
    /// What the terminal starts with.
    let rules: CodeRules

    private struct State {
        var standing: Standing
        /// The files that were read last, and those that were there at the last look.
        var read: [String]
        var seen: [String]
    }

    /// Reads the rules for the first time.
    ///
    /// - Throws: what is wrong in the first file that cannot work.
    init(_ folder: TemplateFolder, logger: Logger) throws {
        self.folder = folder
        self.logger = logger
        let files = Self.files(folder)
        rules = try CodeRuleLibrary.rules(folder)
        state = Mutex(
            State(standing: Standing(count: rules.rules.count), read: files, seen: files)
        )
    }

    /// How the rules stand now.
    var standing: Standing { state.withLock(\.standing) }

    /// Where the rules go; set before it runs.
    private let shell = Mutex<TerminalShell?>(nil)

    /// Gives changed rules to a terminal from now on.
    func serve(_ shell: TerminalShell) { self.shell.withLock { $0 = shell } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.period)) != nil { await self.look() }
        }
    }

    private func look() async {
        let files = Self.files(folder)
        // What is being written changes once more: it is read when it rests.
        let isNew = state.withLock { state in
            defer { state.seen = files }
            return files != state.read && files == state.seen
        }
        guard isNew, let shell = shell.withLock({ $0 }) else { return }
        do {
            let rules = try CodeRuleLibrary.rules(folder)
            try await shell.use(rules)
            let count = rules.rules.count
            state.withLock { $0.standing = Standing(count: count) }
            logger.notice(
                "the rules for suppliers' codes were read anew",
                metadata: [
                    "rules": "\(count)"
                ]
            )
        } catch {
            let reason = Talk.reason(error)
            state.withLock { $0.standing.trouble = reason }
            logger.error(
                "the rules for suppliers' codes are wrong; those from before stay",
                metadata: ["error": "\(reason)"]
            )
        }
        state.withLock { $0.read = files }
    }

    /// The files of rules, each with what changes when it does.
    private static func files(_ folder: TemplateFolder) -> [String] {
        folder.paths(in: "CodeRules", ending: ".yaml").map { path in
            guard let file = try? folder.file(path) else { return path }  // it went this moment
            var facts = stat()
            guard stat(file.path, &facts) == 0 else { return path }
            let time = facts.st_mtim
            return "\(file.path) \(facts.st_ino) \(facts.st_size) \(time.tv_sec).\(time.tv_nsec)"
        }
    }
}
