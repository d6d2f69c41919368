import ArgumentParser
import Foundation
import Glibc
import Tally
import Web

/// What a command prints: results on standard output, words for people on standard error.
enum Output {
    static func result(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            // Whoever read has gone, as `head` does; there is nobody left to tell.
            Glibc.exit(0)
        }
    }

    static func talk(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// One JSON object on a line, keys sorted.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        result(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A failure in words: a refusal by its text in the string table, anything else as it is.
    static func words(_ error: any Error) -> String {
        guard let refusal = error as? any Refusal else { return String(describing: error) }
        return Texts.shared.problem(refusal)
    }

    /// Runs the work of a command; a failure is told in words and ends the process with 1.
    static func orExit<Result>(_ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            talk("tallyman: " + words(error))
            throw ExitCode.failure
        }
    }
}
