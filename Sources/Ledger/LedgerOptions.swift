import Foundation
import Tally

/// How a store is kept.
public struct LedgerOptions: Sendable {
    /// Whether a second journal is kept beside the database: a terminal's.
    ///
    /// Then a damaged database is rebuilt from it. Without, it is refused and left as it is.
    public var hasSecondJournal = false
    /// Bytes of a file that only takes up room; 0 for none.
    ///
    /// It is given back when the disk is full so that recording goes on: see ``DiskRoom``.
    public var ballastByteCount = 0
    /// The wall clock, for the record of damage.
    public var now: @Sendable () -> Moment = {
        Moment(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }
    /// Takes what the operator should know.
    public var tell: @Sendable (LedgerEvent) -> Void = { _ in }
    /// The files beside SQLite's own.
    package var disk: any Disk = .system
    /// `PRAGMA synchronous` of the writer: 2 is FULL, 1 is NORMAL.
    ///
    /// Anything but FULL loses what was saved when the power goes, and is for the tests that show
    /// so.
    package var synchronous = LedgerOptions.full

    package static let full = 2

    public init() {}

    /// A terminal's: with a second journal, and a ballast of `ballastByteCount`.
    public static func terminal(ballastByteCount: Int) -> LedgerOptions {
        var options = LedgerOptions()
        options.hasSecondJournal = true
        options.ballastByteCount = ballastByteCount
        return options
    }
}

/// What happened to a store that its operator should know.
public enum LedgerEvent: Sendable {
    /// Damage was found and mended.
    case damage(StoreDamage)
    /// There is now room for this.
    case room(RoomLeft)
    /// The store does not write; it is tried again at each record.
    case failing(detail: String)
    /// It writes again.
    case recovered
}
