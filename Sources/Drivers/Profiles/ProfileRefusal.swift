import Tally

/// Why a profile is not taken.
public enum ProfileRefusal: Refusal, Equatable {
    case noFolder(looked: String)
    case missing(profile: String, known: String)
    case unreadable(file: String, detail: String)
    case notYAML(file: String, line: Int, detail: String)
    /// The schema's rule that is broken, and at which place of the file.
    case broken(file: String, line: Int, place: String, rule: String)
    case badPort(file: String, device: String, port: String)
    /// What is run when a machine is stopped is no absolute path of a program.
    case badOutput(file: String, key: String, value: String)
    /// A port that a device of this make and model does not have.
    case wrongPort(file: String, device: String, port: String, kind: String)
    case sameName(file: String, device: String)
    /// A port that another device of the file has.
    case samePort(file: String, device: String, other: String, port: String)
    /// A fact that the device's profile does not have and the terminal's file has to tell.
    case untold(file: String, device: String, profile: String, key: String, example: String)

    public var code: ProblemCode {
        switch self {
        case .noFolder: "devices.no_folder"
        case .missing: "devices.missing_profile"
        case .unreadable: "devices.unreadable"
        case .notYAML: "devices.not_yaml"
        case .broken: "devices.broken_profile"
        case .badPort: "devices.bad_port"
        case .badOutput: "devices.bad_output"
        case .wrongPort: "devices.wrong_port"
        case .sameName: "devices.same_name"
        case .samePort: "devices.same_port"
        case .untold: "devices.untold_fact"
        }
    }

    public var facts: [String: String] {
        switch self {
        case .noFolder(let looked):
            ["folders": looked]
        case .missing(let profile, let known):
            ["profile": profile, "known": known]
        case .unreadable(let file, let detail):
            ["file": file, "detail": detail]
        case .notYAML(let file, let line, let detail):
            ["file": file, "line": String(line), "detail": detail]
        case .broken(let file, let line, let place, let rule):
            ["file": file, "line": String(line), "place": place, "rule": rule]
        case .badPort(let file, let device, let port):
            ["file": file, "device": device, "port": port]
        case .badOutput(let file, let key, let value):
            ["file": file, "key": key, "value": value]
        case .wrongPort(let file, let device, let port, let kind):
            ["file": file, "device": device, "port": port, "kind": kind]
        case .sameName(let file, let device):
            ["file": file, "device": device]
        case .samePort(let file, let device, let other, let port):
            ["file": file, "device": device, "other": other, "port": port]
        case .untold(let file, let device, let profile, let key, let example):
            [
                "file": file, "device": device, "profile": profile, "key": key,
                "example": example,
            ]
        }
    }
}
