import Tally

/// Says when a replica looks at which of its own cells, to find what changed without its knowing:
/// a pure value.
///
/// A digest that is kept as cells change says what the state should be. That the cells still are
/// so is known only by reading them. All are read in the first round after a start, and after
/// somebody else has written to the database; a part of them in every round else, so that a
/// pass over a million cells takes a few minutes of an idle terminal.
public struct Scrubber: Sendable {
    /// A part of a scope to look at.
    public struct Look: Hashable, Sendable {
        public let scope: Scope
        /// The last leaf that was looked at in this pass; nil at its start.
        public let after: DigestLeaf?
        public let cellCount: Int
    }

    /// What was found.
    public struct Finding: Hashable, Sendable {
        public let scope: Scope
        /// Leaves whose sum is not what their cells give.
        public var leaves: [DigestLeaf] = []
        /// Whether the scope's digest is not the sum of its leaves.
        public var isRootWrong = false

        public init(scope: Scope) { self.scope = scope }

        public var isEmpty: Bool { leaves.isEmpty && !isRootWrong }
    }

    private struct Place {
        var after: DigestLeaf?
        var last: UInt64?
        /// Goes on without a pause until the scope's end.
        var isHurried = true
    }

    /// Cells in one look.
    private let cellCount: Int
    /// The rest between two looks that are not hurried, in milliseconds.
    private let rest: UInt64
    private var places: [Scope: Place] = [:]
    private var outsideWrites: Int?

    /// - Parameters:
    ///   - cellCount: about how many cells to read in one look.
    ///   - rest: milliseconds between two looks at a scope.
    public init(cellCount: Int = 10_000, rest: UInt64 = 1_000) {
        self.cellCount = cellCount
        self.rest = rest
    }

    /// Learns how often somebody else has written to the database; when that has changed, all is
    /// looked at.
    public mutating func noteOutsideWrites(_ count: Int) {
        if let known = outsideWrites, known != count { lookAtAll() }
        outsideWrites = count
    }

    /// Looks at everything, from the start, before anything else.
    public mutating func lookAtAll() { places = [:] }

    /// What to look at now; nil for nothing.
    public mutating func next(_ scope: Scope, now: UInt64) -> Look? {
        let place = places[scope] ?? Place()
        if !place.isHurried, let last = place.last, now < last + rest, now >= last { return nil }
        return Look(scope: scope, after: place.after, cellCount: cellCount)
    }

    /// Notes that a look was done.
    public mutating func looked(_ look: Look, _ slice: ScrubSlice, now: UInt64) {
        var place = places[look.scope] ?? Place()
        place.after = slice.reached
        place.last = now
        if slice.reached == nil { place.isHurried = false }
        places[look.scope] = place
    }

    /// Looks.
    public static func look(
        _ look: Look,
        in reading: any ReplicaReading
    ) throws -> (ScrubSlice, Finding) {
        let slice = try reading.scrub(look.scope, after: look.after, cellCount: look.cellCount)
        var finding = Finding(scope: look.scope)
        finding.leaves = slice.differing
        if look.after == nil { finding.isRootWrong = try !reading.isRootSound(of: look.scope) }
        return (slice, finding)
    }
}
