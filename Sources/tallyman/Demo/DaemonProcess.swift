import Foundation
import Glibc
import Synchronization
import Tally

/// A daemon of this program in a process of its own.
final class DaemonProcess: Sendable {
    let folder: String
    private let arguments: [String]
    private let log: String
    private let process = Mutex<Process?>(nil)

    init(_ arguments: [String], folder: String) {
        self.arguments = arguments
        self.folder = folder
        log = folder + ".log"
    }

    deinit { kill() }

    /// Starts it, and waits until it answers on its control socket.
    func start<Answer: Decodable>(_ request: some Encodable, as: Answer.Type) async throws -> Answer
    {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: CommandLine.executablePath)
        child.arguments = arguments
        if !FileManager.default.fileExists(atPath: log) {
            try Data().write(to: URL(fileURLWithPath: log))
        }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try output.seekToEnd()
        child.standardError = output
        child.standardOutput = output
        child.standardInput = FileHandle.nullDevice
        try child.run()
        process.withLock { $0 = child }
        for _ in 0..<500 {
            guard child.isRunning else { break }
            do {
                return try await ask(request)
            } catch is NotYet {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        // Best effort: the log makes the message clearer, and is not the failure.
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw DemoFailure("\(arguments.joined(separator: " ")) did not start: \(text)")
    }

    private struct NotYet: Error {}

    func ask<Answer: Decodable>(_ request: some Encodable) async throws -> Answer {
        try await Control.ask(folder, request) { throw NotYet() }
    }

    /// SIGKILL: nothing is tidied up.
    func kill() {
        process.withLock { child in
            guard let child, child.isRunning else { return }
            Glibc.kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
        }
    }

    /// SIGTERM, and waits for the end.
    func stop() {
        process.withLock { child in
            guard let child, child.isRunning else { return }
            child.terminate()
            child.waitUntilExit()
        }
    }

    var processID: Int32 { process.withLock { $0?.processIdentifier ?? 0 } }
}

/// Something in the story did not come out as it must.
struct DemoFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
