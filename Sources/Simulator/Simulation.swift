import Sync
import Tally

/// Plays seeds.
public enum Simulation {
    /// Plays one seed: the same seed and settings give the same report on every machine.
    ///
    /// - Parameters:
    ///   - seed: what the dice start from.
    ///   - settings: what is simulated.
    /// - Returns: what was played, and what did not hold.
    public static func play(_ seed: UInt64, _ settings: SimulationSettings) -> SeedReport {
        let scheme: any SignatureScheme =
            seed.isMultiple(of: 16) ? Ed25519() : SimulatedSignatures()
        return Signatures.$scheme.withValue(scheme) { playWithScheme(seed, settings) }
    }

    private static func playWithScheme(
        _ seed: UInt64,
        _ settings: SimulationSettings
    ) -> SeedReport {
        var world: World?
        var violation: Violation?
        do {
            let opened = try World(seed: seed, settings)
            world = opened
            try opened.run()
        } catch {
            let broken =
                error as? Broken ?? Broken(.soundness, "\(error)")
            violation = Violation(
                seed: seed,
                invariant: broken.invariant,
                step: world?.step ?? 0,
                detail: broken.detail
            )
        }
        return SeedReport(
            seed: seed,
            operations: world?.operations ?? 0,
            photos: world?.photos.count ?? 0,
            snapshots: world?.snapshots ?? 0,
            letGo: world?.letGoCount ?? 0,
            faults: world?.plan.counts ?? [:],
            verdicts: world?.watch.verdicts ?? [:],
            times: world?.times ?? TimeCount(),
            virtualMilliseconds: world?.now ?? 0,
            violation: violation,
            trace: world?.trace ?? 0
        )
    }
}

/// An invariant that did not hold.
public struct Violation: Hashable, Sendable {
    public let seed: UInt64
    public let invariant: Invariant
    /// The number of the event after which it did not hold.
    public let step: Int
    /// What was seen.
    public let detail: String
}

/// How well the hub knew when things were recorded, where its own clock was right.
public struct TimeCount: Hashable, Sendable {
    /// Operations whose times the hub said are sure.
    public internal(set) var sure = 0
    /// Operations of which it said that their times are unsure.
    public internal(set) var unsure = 0

    mutating func add(_ other: TimeCount) {
        sure += other.sure
        unsure += other.unsure
    }
}

/// What came of a seed.
public struct SeedReport: Hashable, Sendable {
    public let seed: UInt64
    /// What people recorded at the terminals.
    public let operations: Int
    /// What people took photos of.
    public let photos: Int
    /// How often a terminal started from a snapshot.
    public let snapshots: Int
    /// How many operations terminals let go.
    public let letGo: Int
    public let faults: [Fault: Int]
    /// How often the hub gave which verdict, by type and verdict: `receipt.close rejected`.
    public let verdicts: [String: Int]
    public let times: TimeCount
    public let virtualMilliseconds: UInt64
    /// A seed ends at the first.
    public let violation: Violation?
    /// A number that is made from everything that happened, so that two runs can be compared.
    public let trace: UInt64
}

/// What came of many seeds.
public struct SimulationReport: Hashable, Sendable {
    public private(set) var seeds = 0
    public private(set) var operations = 0
    public private(set) var photos = 0
    public private(set) var snapshots = 0
    public private(set) var letGo = 0
    public private(set) var faults: [Fault: Int] = [:]
    public private(set) var times = TimeCount()
    public private(set) var virtualMilliseconds: UInt64 = 0
    public private(set) var violations: [Violation] = []

    public init() {}

    /// Takes in what one seed came to.
    public mutating func add(_ report: SeedReport) {
        seeds += 1
        operations += report.operations
        photos += report.photos
        snapshots += report.snapshots
        letGo += report.letGo
        faults.merge(report.faults, uniquingKeysWith: +)
        times.add(report.times)
        virtualMilliseconds += report.virtualMilliseconds
        if let violation = report.violation { violations.append(violation) }
    }

    /// Days of virtual time, all seeds together.
    public var virtualDays: Double { Double(virtualMilliseconds) / Double(World.day) }
}

/// `A..B`: the seeds from A to B, both included.
public struct SeedRange: Hashable, Sendable {
    public let seeds: ClosedRange<UInt64>

    /// Reads `A..B` or a single number; nil for anything else.
    public init?(text: String) {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false)
        let numbers = ends.compactMap { UInt64($0) }
        guard (1...2).contains(ends.count), numbers.count == ends.count, let first = numbers.first,
            let last = numbers.last, first <= last
        else { return nil }
        seeds = first...last
    }
}
