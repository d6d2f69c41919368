import Sync

/// What is simulated.
public struct SimulationSettings: Hashable, Sendable {
    public var terminals = 5
    /// Virtual days on which people work; the liveness phase comes after them.
    public var days = 1
    /// What each terminal's people do in a day.
    public var actionsADay = 200
    /// What may go wrong; each seed draws some of these.
    public var faults = Fault.usual
    /// A wilful fault in the program, to see that it is found.
    public var defect: Defect?

    public init() {}

    /// The command that plays a seed again.
    public func replay(_ seed: UInt64) -> String {
        let standard = SimulationSettings()
        var words = ["tallyman", "simulate", "--seeds", "\(seed)..\(seed)"]
        if terminals != standard.terminals { words += ["--terminals", String(terminals)] }
        if days != standard.days { words += ["--days", String(days)] }
        if actionsADay != standard.actionsADay { words += ["--operations", String(actionsADay)] }
        if faults != standard.faults {
            let names = faults.sorted().map(\.rawValue).joined(separator: ",")
            let isAll = faults.count == Fault.allCases.count
            words += ["--faults", isAll ? "all" : faults.isEmpty ? "none" : names]
        }
        if let defect { words += ["--defect", defect.rawValue] }
        return words.joined(separator: " ")
    }
}
