import Dispatch
import Glibc
import Synchronization

/// Reads pictures and draws codes through a child process, which may die of what it reads.
///
/// The child starts with the first request and is started again after it died; whatever happens to
/// it costs the one request that was under way. Requests wait for one another. The plain calls
/// block their thread for up to the timeout and are for commands; server code uses those that end
/// in `InBackground`, which wait on a thread of their own.
public final class ImagingWorkerClient: Sendable {
    /// How long a request may take unless told otherwise.
    public static let standardTimeout = Duration.seconds(5)

    private let executable: String
    private let timeout: Duration
    private let environment: [String]
    /// The state in a box, since a lock cannot hold a value that cannot be copied as an optional
    /// that is taken out and put back.
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "imaging")

    private struct State: ~Copyable {
        var worker: WorkerProcess?
    }

    /// Prepares a client; starts nothing.
    ///
    /// - Parameters:
    ///   - executable: the path of the child's program.
    ///   - timeout: how long one request may take before the child is ended.
    ///   - environment: variables for the child besides those that it needs, as `NAME=value`.
    public init(
        executable: String = ImagingWorkerClient.standardExecutable,
        timeout: Duration = ImagingWorkerClient.standardTimeout,
        environment: [String] = []
    ) {
        self.executable = executable
        self.timeout = timeout
        self.environment = environment
    }

    /// Where the child's program is: `TALLYMAN_IMAGING` in the environment, else
    /// `tallyman-imaging` beside the program that runs.
    public static var standardExecutable: String {
        if let path = getenv("TALLYMAN_IMAGING") { return String(cString: path) }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let path = String(decoding: bytes, as: UTF8.self)
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        return folder + "tallyman-imaging"
    }

    /// The child's process, for health pages and tests; nil while there is none.
    ///
    /// Waits for the request that is under way.
    public var processID: Int32? {
        state.withLock { state in
            switch state.worker {
            case .some(let worker): worker.processID
            case nil: nil
            }
        }
    }

    func inBackground<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Asks the child.
    ///
    /// - Parameter request: what to ask.
    /// - Returns: its answer, which is no refusal.
    /// - Throws: the refusal, or what befell the child.
    func perform(_ request: ImagingRequest) throws(ImagingError) -> ImagingReply {
        try perform([request])[0]
    }

    /// Asks the child several things, which it answers without waiting for us between them.
    ///
    /// - Parameter requests: what to ask, in order.
    /// - Returns: an answer for each, in order; none is a refusal.
    /// - Throws: the first refusal, or what befell the child.
    func perform(_ requests: [ImagingRequest]) throws(ImagingError) -> [ImagingReply] {
        let replies = try state.withLock { (state) throws(ImagingError) in
            try perform(requests, &state)
        }
        for reply in replies {
            if case .refused(let fault, let detail) = reply {
                throw .refused(fault, detail: detail)
            }
        }
        return replies
    }

    /// Uses the child that runs, or a new one; puts it back only when all went well.
    private func perform(
        _ requests: [ImagingRequest],
        _ state: inout State
    ) throws(ImagingError) -> [ImagingReply] {
        var worker: WorkerProcess
        switch state.worker.take() {
        case .some(let running): worker = running
        case nil: worker = try WorkerProcess(executable: executable, environment: environment)
        }
        let trouble: WorkerProcess.Trouble
        do {
            let replies = try worker.exchange(requests, timeout: timeout)
            state.worker = consume worker
            return replies
        } catch {
            trouble = error
        }
        let end = worker.end(force: trouble != .closed)
        switch trouble {
        case .closed: throw end
        case .late: throw .timedOut(milliseconds: Int(timeout / .milliseconds(1)))
        case .broken: throw .wireBroken
        }
    }
}
