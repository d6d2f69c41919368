/// What can go wrong in a simulated plant.
public enum Fault: String, Sendable, CaseIterable, Comparable {
    // The network.
    case loss
    case lostAnswer = "lost-answer"
    case repeated
    case reordered
    case delay
    case cut
    case reset
    case foreignAnswer = "foreign-answer"
    case oldAnswer = "old-answer"
    // The network, for a while.
    case partition
    case longAbsence = "long-absence"
    case oneWay = "one-way"
    case clog
    case swizzleClog = "swizzle-clog"
    case refused
    case tlsExpired = "tls-expired"
    case thinLink = "thin-link"
    case blackHole = "black-hole"
    // The processes.
    case terminalCrash = "terminal-crash"
    case hubCrash = "hub-crash"
    case failover
    case twoProcesses = "two-processes"
    case pause
    case brokenConfig = "broken-config"
    case oldProgram = "old-program"
    // The disks.
    case failedWrite = "failed-write"
    case diskFull = "disk-full"
    case readOnly = "read-only"
    case slowDisk = "slow-disk"
    case brokenCell = "broken-cell"
    case lostCell = "lost-cell"
    case misdirectedWrite = "misdirected-write"
    // The clocks.
    case boot1970 = "boot-1970"
    case clockJump = "clock-jump"
    case clockBack = "clock-back"
    case clockFreeze = "clock-freeze"
    case clockDrift = "clock-drift"
    case leapSecond = "leap-second"
    case wrongZone = "wrong-zone"
    case counterOverflow = "counter-overflow"
    case clockTie = "clock-tie"
    case hubClock = "hub-clock"
    // What is said.
    case poison
    case unknownKind = "unknown-kind"
    case falseDecision = "false-decision"
    case foreignScope = "foreign-scope"
    case bigOperation = "big-operation"
    case burst
    // People.
    case sameBox = "same-box"
    case correctedCorrection = "corrected-correction"
    case resolvedTwice = "resolved-twice"
    case lateUndo = "late-undo"
    case duplicateNote = "duplicate-note"
    case droppedQuestion = "dropped-question"
    case disabledWorker = "disabled-worker"
    // The ERP.
    case erpLostAnswer = "erp-lost-answer"
    // What is lost with a machine, or copied.
    case hubRestored = "hub-restored"
    case foreignHub = "foreign-hub"
    case terminalCopied = "terminal-copied"
    case terminalRevoked = "terminal-revoked"
    case lateTerminal = "late-terminal"
    case terminalMoved = "terminal-moved"
    // Photos.
    case photoCut = "photo-cut"
    // Versions of the protocol, side by side.
    case olderTerminal = "older-terminal"
    case olderHub = "older-hub"
    case endedVersion = "ended-version"

    /// What happens, in a sentence.
    public var about: String { Self.abouts[self] ?? "" }

    private static let abouts: [Fault: String] = [
        .loss: "a request never reaches the hub",
        .lostAnswer: "the hub has acted, but its answer is lost",
        .repeated: "a request or an answer comes twice",
        .reordered: "messages overtake each other",
        .delay: "a message takes up to ten minutes",
        .cut: "a message is cut at any byte",
        .reset: "a connection is reset in the middle of a request, which the hub sees cut",
        .foreignAnswer: "a proxy answers with a page of its own",
        .oldAnswer: "a proxy answers with what the hub answered to an earlier request",
        .partition: "terminals and hub hear nothing of each other for up to six hours",
        .longAbsence: "a terminal is away for the rest of the run",
        .oneWay: "for a while requests arrive, and no answer does",
        .clog: "for a while messages are held up, and then all come at once",
        .swizzleClog: "terminals are clogged one by one, and freed in another order",
        .refused: "connections are refused for some minutes: a name or a route is gone",
        .tlsExpired: "no terminal can connect for hours: the hub's certificate has expired",
        .thinLink: "for a while a link carries 9.6 kbit/s",
        .blackHole: "for a while messages over 1,400 bytes vanish, as with a wrong MTU",
        .terminalCrash: "a terminal dies at any write, or between two",
        .hubCrash: "the hub dies at any write, or between two",
        .failover: "a hub process dies after a commit, and another one answers at once",
        .twoProcesses: "two hub processes answer in turn",
        .pause: "a process stands still for up to an hour",
        .brokenConfig: "a terminal cannot start for up to an hour",
        .oldProgram: "a terminal is started with an older program",
        .failedWrite: "a disk refuses a write, and the process lives on",
        .diskFull: "a disk refuses every write for up to an hour",
        .readOnly: "a terminal's disk is mounted read-only until it is started again",
        .slowDisk: "the hub's commits take five seconds for a while",
        .brokenCell: "a terminal's disk changes a byte of its state",
        .lostCell: "a terminal's disk loses a row of its state",
        .misdirectedWrite: "a terminal's disk writes a row where another one was",
        .boot1970: "a terminal without a battery clock starts in 1970",
        .clockJump: "a clock jumps by up to a year, either way",
        .clockBack: "a clock jumps back by some seconds",
        .clockFreeze: "a clock stands still",
        .clockDrift: "a clock runs up to five per cent fast or slow",
        .leapSecond: "a clock takes a leap second, twice or not at all",
        .wrongZone: "a clock is set to local time",
        .counterOverflow: "the counter of a stamp is at its end",
        .clockTie: "the clocks of all terminals say the same, and stand still",
        .hubClock: "the hub's clock has these faults too",
        .poison: "a terminal records what the hub cannot understand",
        .unknownKind: "a terminal records what a newer program knows",
        .falseDecision: "a terminal decides what only the hub may",
        .foreignScope: "a terminal records in a scope that is none of its business",
        .bigOperation: "a terminal records nearly as much as an operation can hold",
        .burst: "a terminal records fifty operations at once",
        .sameBox: "one carton is scanned on two terminals at once",
        .correctedCorrection: "a correction is corrected",
        .resolvedTwice: "a conflict is settled on two screens at once",
        .lateUndo: "a count is taken back after its order went to the ERP",
        .duplicateNote: "a supplier makes a second note with a number it has used",
        .droppedQuestion: "a form loses a question that is being answered",
        .disabledWorker: "a worker loses every role while terminals are away",
        .erpLostAnswer: "the ERP has taken an order, but its answer is lost",
        .hubRestored: "the hub's disk is lost, and a backup of any age takes its place",
        .foreignHub: "for a while another site's hub answers in the place of this one",
        .terminalCopied: "a terminal's disk is copied, and both machines go on",
        .terminalRevoked: "a terminal is revoked, and goes on recording",
        .lateTerminal: "a terminal is enrolled in the middle of the run",
        .terminalMoved: "a terminal is given to another site while it has unsent work",
        .photoCut: "a connection is cut in the middle of a photo",
        .olderTerminal: "a terminal speaks an older version of the protocol until it is upgraded",
        .olderHub: "the hub speaks an older version of the protocol until it is upgraded",
        .endedVersion: "the upgraded hub does not speak the older version any more",
    ]

    public static func < (one: Fault, other: Fault) -> Bool { one.rawValue < other.rawValue }

    /// What a run has unless it is told otherwise: each seed draws some of these.
    ///
    /// `hub-restored` has to be asked for (`all`, or by name): of 350 seeds with it one ended with
    /// a terminal that gave back for good (seed 1795916464), and the hub waited for it.
    public static let usual = Set(allCases).subtracting([.hubRestored])

    /// Reads `usual`, `all`, `none`, or names separated by commas; nil when one is none of these.
    public static func list(_ text: String) -> Set<Fault>? {
        switch text {
        case "usual": return usual
        case "all": return Set(allCases)
        case "none": return []
        default:
            let names = text.split(separator: ",", omittingEmptySubsequences: false)
            let faults = names.compactMap { Fault(rawValue: String($0)) }
            return faults.count == names.count ? Set(faults) : nil
        }
    }

    /// The highest rate, in parts of a million of the chances that the fault has: each message,
    /// each restart, each action of people, or, for what `World.disturb` does, some minutes.
    var most: UInt64 { Self.rates[self] ?? 0 }

    private static let rates: [Fault: UInt64] = [
        .loss: 300_000,
        .lostAnswer: 300_000,
        .repeated: 500_000,
        .reordered: 500_000,
        .delay: 100_000,
        .cut: 100_000,
        .reset: 100_000,
        .foreignAnswer: 100_000,
        .oldAnswer: 100_000,
        .partition: 300_000,
        .longAbsence: 20_000,
        .oneWay: 150_000,
        .clog: 150_000,
        .swizzleClog: 50_000,
        .refused: 150_000,
        .tlsExpired: 20_000,
        .thinLink: 100_000,
        .blackHole: 100_000,
        .terminalCrash: 300_000,
        .hubCrash: 300_000,
        .failover: 200_000,
        .twoProcesses: 500_000,
        .pause: 100_000,
        .brokenConfig: 200_000,
        .oldProgram: 150_000,
        .failedWrite: 300_000,
        .diskFull: 100_000,
        .readOnly: 50_000,
        .slowDisk: 100_000,
        .brokenCell: 150_000,
        .lostCell: 100_000,
        .misdirectedWrite: 100_000,
        .boot1970: 300_000,
        .clockJump: 150_000,
        .clockBack: 150_000,
        .clockFreeze: 150_000,
        .clockDrift: 150_000,
        .leapSecond: 150_000,
        .wrongZone: 100_000,
        .counterOverflow: 150_000,
        .clockTie: 50_000,
        .hubClock: 1_000_000,
        .poison: 200_000,
        .unknownKind: 200_000,
        .falseDecision: 200_000,
        .foreignScope: 200_000,
        .bigOperation: 50_000,
        .burst: 20_000,
        .sameBox: 20_000,
        .correctedCorrection: 20_000,
        .resolvedTwice: 200_000,
        .lateUndo: 20_000,
        .duplicateNote: 50_000,
        .droppedQuestion: 100_000,
        .disabledWorker: 100_000,
        .erpLostAnswer: 500_000,
        .hubRestored: 100_000,
        .foreignHub: 50_000,
        .terminalCopied: 50_000,
        .terminalRevoked: 20_000,
        .lateTerminal: 20_000,
        .terminalMoved: 50_000,
        .photoCut: 300_000,
        .olderTerminal: 1_000_000,
        .olderHub: 1_000_000,
        .endedVersion: 1_000_000,
    ]
}
