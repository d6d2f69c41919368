import Glibc
import Tally

/// Why a device cannot be used now.
public enum DeviceFault: Refusal, Equatable {
    /// Nothing is plugged in at that port.
    case notThere(port: String)
    /// The system does not let this program use it.
    case notPermitted(port: String, detail: String)
    /// Another program has it.
    case busy(port: String)
    /// There is something else at that port.
    case wrongKind(port: String, detail: String)
    /// It does not answer, or refuses.
    case noAnswer(port: String, detail: String)
    /// It was there and is gone.
    case gone(port: String, detail: String)

    public var code: ProblemCode {
        switch self {
        case .notThere: "devices.not_there"
        case .notPermitted: "devices.not_permitted"
        case .busy: "devices.busy"
        case .wrongKind: "devices.wrong_kind"
        case .noAnswer: "devices.no_answer"
        case .gone: "devices.gone"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .notThere(let port), .busy(let port):
            ["port": port]
        case .notPermitted(let port, let detail), .wrongKind(let port, let detail),
            .noAnswer(let port, let detail), .gone(let port, let detail):
            ["port": port, "detail": detail]
        }
    }

    /// The fault for a call that failed with this `errno`.
    static func system(_ number: Int32, port: DevicePort) -> DeviceFault {
        let detail = String(cString: strerror(number))
        let port = port.description
        return switch number {
        case ENOENT, ENODEV, ENXIO: .notThere(port: port)
        case EACCES, EPERM: .notPermitted(port: port, detail: detail)
        case EBUSY: .busy(port: port)
        case ENOTTY, EINVAL, ENOTDIR, EISDIR: .wrongKind(port: port, detail: detail)
        case EIO: .gone(port: port, detail: detail)
        default: .noAnswer(port: port, detail: detail)
        }
    }
}
