/// How many bytes of a blob to move in one request.
///
/// So many that a request takes about two seconds: a record that has to go first never waits longer
/// behind a picture, and on a fast link the requests are few.
public struct BlobPace: Hashable, Sendable {
    static let countMin = 8 << 10
    static let countMax = 1 << 20
    private static let goalMilliseconds = 2_000

    public private(set) var count = 64 << 10

    public init() {}

    /// A request moved so many bytes in so long.
    public mutating func moved(_ moved: Int, milliseconds: UInt64) {
        let spent = max(Int(clamping: milliseconds), 1)
        // One lucky or unlucky request moves the pace by at most a factor of two.
        let fitting =
            moved.multipliedReportingOverflow(by: Self.goalMilliseconds).partialValue
            / spent
        count = min(max(fitting, count / 2), count * 2)
        count = min(max(count, Self.countMin), Self.countMax)
    }

    /// A request failed: less is at stake in the next.
    public mutating func failed() { count = max(count / 2, Self.countMin) }
}
