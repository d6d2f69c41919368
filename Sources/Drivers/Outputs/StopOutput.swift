import Foundation
import Glibc
import Tally

/// What a terminal runs on its own machine when a machine of the plant is recorded as stopped: a
/// stack light, a horn, a relay.
///
/// It goes by the terminal's records and needs no hub. It is no safety function: nothing proves
/// that the command did what it should.
public struct StopOutput: Hashable, Sendable, Decodable {
    /// The program, by its absolute path, and its arguments; `{machine}` is the machine's tag.
    public let stop: [String]
    /// The same for a machine that was released; nil for nothing.
    public let release: [String]?
    /// Tags of the machines that it is for; nil for all of the site.
    public let machines: [String]?
    /// A program that has not ended by then is killed.
    public let timeoutSeconds: Int?

    /// How long a program may take that says nothing else.
    public static let timeoutSecondsUsual = 5

    /// Why a program did not do what it should.
    public enum Failure: Refusal, Equatable {
        case notStarted(program: String, detail: String)
        case failed(program: String, status: Int)
        case timedOut(program: String, seconds: Int)

        public var code: ProblemCode {
            switch self {
            case .notStarted: "devices.output_not_started"
            case .failed: "devices.output_failed"
            case .timedOut: "devices.output_timed_out"
            }
        }

        public var facts: [String: String] {
            switch self {
            case .notStarted(let program, let detail): ["program": program, "detail": detail]
            case .failed(let program, let status):
                ["program": program, "status": String(status)]
            case .timedOut(let program, let seconds):
                ["program": program, "seconds": String(seconds)]
            }
        }
    }

    /// A part that cannot be used, with the key that it stands under; nil when all is well.
    var fault: (key: String, value: String)? {
        for (key, words) in [("stop", stop), ("release", release ?? [])] {
            if key == "stop" || release != nil {
                guard let program = words.first, program.hasPrefix("/") else {
                    return (key, words.first ?? "")
                }
            }
        }
        return nil
    }

    /// Whether it is for a machine.
    public func isFor(_ tag: String) -> Bool {
        machines.map { $0.map(NaturalKey.code).contains(tag) } ?? true
    }

    /// Runs what is to be run for a machine.
    ///
    /// - Parameters:
    ///   - tag: the machine's.
    ///   - isStopped: whether it was stopped, else released.
    /// - Throws: ``Failure``.
    public func run(for tag: String, isStopped: Bool) async throws(Failure) {
        guard let words = isStopped ? stop : release, let program = words.first else { return }
        let child = Process()
        child.executableURL = URL(fileURLWithPath: program)
        child.arguments = words.dropFirst().map { $0.replacing("{machine}", with: tag) }
        child.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "TALLYMAN_MACHINE": tag,
            "TALLYMAN_STATE": isStopped ? "stopped" : "released",
        ]
        child.standardInput = FileHandle.nullDevice
        child.standardOutput = FileHandle.nullDevice
        child.standardError = FileHandle.nullDevice
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        child.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        do {
            try child.run()
        } catch {
            throw .notStarted(program: program, detail: error.localizedDescription)
        }
        let seconds = timeoutSeconds ?? Self.timeoutSecondsUsual
        guard let status = await Self.first(of: ended, within: .seconds(seconds)) else {
            kill(child.processIdentifier, SIGKILL)
            throw .timedOut(program: program, seconds: seconds)
        }
        guard status == 0 else { throw .failed(program: program, status: Int(status)) }
    }

    /// What a stream says first; nil when it says nothing in time.
    private static func first(of stream: AsyncStream<Int32>, within time: Duration) async -> Int32?
    {
        await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                for await status in stream { return status }
                return nil
            }
            group.addTask {
                // Cut short when the program ended in time.
                try? await Task.sleep(for: time)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
