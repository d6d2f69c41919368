import Tally

/// Why something cannot be done with printers and their queue; nothing was changed.
public enum PrintRefusal: Refusal, Equatable {
    case unknownPrinter(String, known: String)
    case badName(String)
    case badResolution(Int)
    case badWidth(Int)
    case badConnection(String)
    /// Jobs that are not over still wait for the printer.
    case printerBusy(String, jobs: Int)
    case unknownJob(String)
    /// The job's state does not allow it.
    case wrongState(Int64, state: PrintState, wanted: String)
    case badCopies(Int)
    case queueFull(Int)

    public var code: ProblemCode {
        switch self {
        case .unknownPrinter: "printing.unknown_printer"
        case .badName: "printing.bad_name"
        case .badResolution: "printing.bad_resolution"
        case .badWidth: "printing.bad_width"
        case .badConnection: "printing.bad_connection"
        case .printerBusy: "printing.printer_busy"
        case .unknownJob: "printing.unknown_job"
        case .wrongState: "printing.wrong_state"
        case .badCopies: "printing.bad_copies"
        case .queueFull: "printing.queue_full"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .unknownPrinter(let name, let known): ["printer": name, "known": known]
        case .badName(let name): ["printer": name]
        case .badResolution(let dots): ["read": String(dots)]
        case .badWidth(let millimetres): ["read": String(millimetres)]
        case .badConnection(let read): ["read": read]
        case .printerBusy(let name, let jobs): ["printer": name, "jobs": String(jobs)]
        case .unknownJob(let job): ["job": job]
        case .wrongState(let job, let state, let wanted):
            ["job": String(job), "state": state.rawValue, "wanted": wanted]
        case .badCopies(let read): ["read": String(read)]
        case .queueFull(let max): ["max": String(max)]
        }
    }
}
