/// Something that pure rooms do not call, since it would make a run depend on the machine.
struct BannedCall: Sendable {
    /// As it stands in code.
    let call: String
    /// What takes its place.
    let instead: String
    /// Holds only for the free function, so that a method of ours may have the name.
    let isFree: Bool
    /// Allowed where the line hands in its own dice.
    let mayTakeDice: Bool

    init(_ call: String, instead: String, isFree: Bool = false, mayTakeDice: Bool = false) {
        self.call = call
        self.instead = instead
        self.isFree = isFree
        self.mayTakeDice = mayTakeDice
    }

    private static let clock = "take the moment as a parameter, or a Tally.Clock"
    private static let dice = "take a Tally.Dice as a parameter"
    private static let due = "keep the due moment and compare it with the moment handed in"
    private static let pump =
        "decide synchronously; tasks and threads belong to the pumps at the rim"
    private static let store = "take the bytes, or a port such as Sync.ReplicaStore"
    private static let rim = "this belongs to a room at the rim"
    private static let zone = "take the site's zone or language as a parameter"

    static let all: [BannedCall] =
        [
            "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "clock_gettime",
            "gettimeofday",
        ]
        .map { BannedCall($0, instead: clock) }
        + ["UUID()", "SystemRandomNumberGenerator", "arc4random"]
        .map { BannedCall($0, instead: dice) }
        + [".random(", ".shuffled(", ".shuffle(", ".randomElement("]
        .map { BannedCall($0, instead: dice, mayTakeDice: true) }
        + ["Task.sleep", "usleep(", "nanosleep(", "Timer."].map { BannedCall($0, instead: due) }
        + [
            "Task {", "Task(", "Task.detached", "await ", "Thread.", "Thread(", "DispatchQueue",
            "DispatchSource", "NSLock", "Mutex",
        ].map { BannedCall($0, instead: pump) }
        + [
            "FileManager", "FileHandle", "Data(contentsOf", "String(contentsOf", "O_RDONLY",
            "O_RDWR",
        ]
        .map { BannedCall($0, instead: store) }
        + ["fopen("].map { BannedCall($0, instead: store, isFree: true) }
        + [
            "Process(", "ProcessInfo", "URLSession", "NIO", "CommandLine.", "Bundle.",
            "UserDefaults",
        ]
        .map { BannedCall($0, instead: rim) }
        + ["socket(", "getenv(", "posix_spawn("]
        .map { BannedCall($0, instead: rim, isFree: true) }
        + ["print(", "debugPrint(", "dump("]
        .map { BannedCall($0, instead: "return the text; the caller shows it", isFree: true) }
        + ["Locale.current", "TimeZone.current", "Calendar.current"]
        .map { BannedCall($0, instead: zone) }
        + ["Hasher()", ".hashValue"]
        .map { BannedCall($0, instead: "use Tally.ContentHash: Swift's hashes differ by process") }

    static func findings(in file: SwiftText) -> [Finding] {
        guard file.path.hasPrefix("Sources/"), let room = file.room,
            ImportTable.pure.contains(room)
        else { return [] }
        let inShell = ImportTable.isShell(file) ? ["await ", "Mutex"] : []
        return file.code.enumerated().flatMap { number, line in
            all.filter { $0.stands(in: line) && !inShell.contains($0.call) }.map { banned in
                Finding(file.path, number + 1, "\(banned.call) in \(room): \(banned.instead)")
            }
        }
    }

    func stands(in line: String) -> Bool {
        var rest = line[...]
        while let found = rest.firstRange(of: call) {
            let before = line[..<found.lowerBound]
            if isCall(after: before) && !(mayTakeDice && takesDice(line[found.upperBound...])) {
                return true
            }
            rest = rest[found.upperBound...]
        }
        return false
    }

    private func isCall(after before: Substring) -> Bool {
        if call.hasPrefix(".") { return true }
        if let last = before.last, last.isLetter || last.isNumber || last == "_" { return false }
        guard isFree else { return true }
        return before.last != "." && !before.hasSuffix("func ")
    }

    private func takesDice(_ arguments: Substring) -> Bool {
        arguments.hasPrefix("&") || arguments.contains("using: &")
    }
}
