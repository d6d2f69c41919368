import Glibc
import Imaging

/// The child process: a loop of one request and one reply, until the parent closes the socket.
@main
enum Worker {
    /// Longer than any parent waits: ends a child whose parent died while it was at work.
    private static let alarmSeconds: UInt32 = 60
    private static let addressSpaceMax: UInt = 1_500_000_000

    static func main() {
        closeInherited()
        var limit = rlimit(rlim_cur: addressSpaceMax, rlim_max: addressSpaceMax)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        signal(SIGPIPE, SIG_IGN)
        while let body = receiveFrame() {
            alarm(alarmSeconds)
            let reply = answer(body)
            alarm(0)
            guard sendFrame(reply) else { return }
        }
    }

    /// Closes every descriptor but the socket and standard error.
    private static func closeInherited() {
        guard let folder = opendir("/proc/self/fd") else { return }
        let own = dirfd(folder)
        var inherited: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = Int32(name), descriptor > STDERR_FILENO, descriptor != own {
                inherited.append(descriptor)
            }
        }
        closedir(folder)
        for descriptor in inherited { close(descriptor) }
    }

    private static func answer(_ body: [UInt8]) -> [UInt8] {
        do {
            let (number, request) = try ImagingRequest.decoded(body)
            return perform(request).encoded(number: number)
        } catch {
            return ImagingReply.refused(.badRequest, detail: "\(error)").encoded(number: 0)
        }
    }

    private static func perform(_ request: ImagingRequest) -> ImagingReply {
        do {
            if FaultPlant.isAsked { FaultPlant.strike(request) }
            switch request {
            case .reading(let request): return .reading(try Reading.answer(request))
            case .drawing(let request): return .drawing(try Drawing.answer(request))
            case .preview(let request): return .preview(try PreviewMaker.answer(request))
            }
        } catch {
            return .refused(error.fault, detail: error.detail)
        }
    }

    /// The body of the next frame; nil when the parent is gone.
    private static func receiveFrame() -> [UInt8]? {
        guard let head = receive(4) else { return nil }
        let count = head.reduce(0) { $0 << 8 | Int($1) }
        guard count <= ImagingLimits.frameCountMax else { return nil }
        return receive(count)
    }

    private static func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let more = bytes.withUnsafeMutableBytes { buffer in
                read(STDIN_FILENO, buffer.baseAddress.map { $0 + received }, count - received)
            }
            if more > 0 { received += more } else if more == 0 || errno != EINTR { return nil }
        }
        return bytes
    }

    /// Whether the parent took it.
    private static func sendFrame(_ body: [UInt8]) -> Bool {
        let length = UInt32(body.count)
        let frame = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + body
        var sent = 0
        while sent < frame.count {
            let count = frame.withUnsafeBytes { buffer in
                write(STDOUT_FILENO, buffer.baseAddress.map { $0 + sent }, buffer.count - sent)
            }
            if count > 0 { sent += count } else if errno != EINTR { return false }
        }
        return true
    }
}

/// Why a request is refused.
struct WorkerError: Error {
    let fault: PictureFault
    let detail: String

    init(_ fault: PictureFault, _ detail: String) {
        self.fault = fault
        self.detail = detail
    }
}
