import Tally

/// Why a picture was not read or a code not drawn.
///
/// One request failed; the next may not.
public enum ImagingError: Refusal, Equatable {
    /// The child refused; the detail is the decoding library's own words.
    case refused(PictureFault, detail: String)
    /// The child's program could not be started.
    case workerMissing(path: String, errorNumber: Int32)
    /// The child ended in the middle of the request: by a signal, or else with a status.
    case workerDied(signal: Int32?, status: Int32?)
    /// The child took too long and was ended.
    case timedOut(milliseconds: Int)
    /// The child's answer was no answer.
    case wireBroken

    public var code: ProblemCode {
        switch self {
        case .refused(let fault, _):
            switch fault {
            case .unknownFormat: "imaging.picture_format_unknown"
            case .damaged: "imaging.picture_damaged"
            case .tooLarge: "imaging.picture_too_large"
            case .emptyContent: "imaging.code_empty"
            case .contentTooLong: "imaging.code_too_long"
            case .codeDoesNotFit: "imaging.code_does_not_fit"
            case .badCharacter: "imaging.code_bad_character"
            case .badRequest: "imaging.wire_broken"
            }
        case .workerMissing: "imaging.worker_missing"
        case .workerDied: "imaging.worker_died"
        case .timedOut: "imaging.timed_out"
        case .wireBroken: "imaging.wire_broken"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .refused(_, let detail): ["detail": detail]
        case .workerMissing(let path, let errorNumber):
            ["path": path, "error": String(errorNumber)]
        case .workerDied(let signal, let status):
            ["end": signal.map { "signal \($0)" } ?? status.map { "status \($0)" } ?? ""]
        case .timedOut(let milliseconds): ["milliseconds": String(milliseconds)]
        case .wireBroken: [:]
        }
    }
}
