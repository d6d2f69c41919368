import Sync
import Tally

extension HubShell {
    /// What team leaders are to be reminded of now; see ``HubNode/missedInspections(now:in:)``.
    ///
    /// - Returns: by site and route, in the order of the walk.
    /// - Throws: what the store throws.
    public func missedInspections() async throws -> [MissedInspectionView] {
        let now = clock.reading().wall
        return try await read { node, reading in
            try node.missedInspections(now: now, in: reading)
        }
    }
}
