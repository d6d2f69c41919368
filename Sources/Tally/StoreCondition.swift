/// What there is still room for on a replica's disk, from all to nothing.
///
/// Room is given up in this order: first what can wait at the hub, then what can be made again, and
/// records last of all.
public enum RoomLeft: Int, Hashable, Sendable, Comparable, CaseIterable {
    /// A record would be refused before it is called saved.
    case none
    /// Records only: no copies, caches and other things that can be made again.
    case noViews
    /// Everything but photos and other large files.
    case noPhotos
    /// Everything.
    case all

    public static func < (one: RoomLeft, other: RoomLeft) -> Bool { one.rawValue < other.rawValue }
}

/// Tells what there is still room for.
///
/// Whoever stores what can wait or be made again asks first.
public protocol RoomGauge: Sendable {
    var roomLeft: RoomLeft { get }
}

/// A store that was found damaged, and what was done about it.
public struct StoreDamage: Hashable, Sendable {
    /// What was found.
    public enum Finding: String, Hashable, Sendable {
        /// The database cannot be read, or contradicts itself.
        case database
        /// The database's file is gone or empty.
        case databaseMissing
        /// Records were in the second journal that the database had lost.
        case recordsMissing
        /// The second journal was gone or damaged; the database had everything.
        case journal
        /// The disk did not take what was written and then said that all was well.
        case disk
    }

    public let finding: Finding
    /// When it was found, by the wall clock.
    public let found: Moment
    /// What the program saw, for the log.
    public let detail: String
    /// The folder into which the damaged files were moved; nil when none were.
    public let movedTo: String?
    /// Operations of this replica that were brought back.
    public let recovered: Int

    public init(
        _ finding: Finding,
        found: Moment,
        detail: String,
        movedTo: String? = nil,
        recovered: Int = 0
    ) {
        self.finding = finding
        self.found = found
        self.detail = detail
        self.movedTo = movedTo
        self.recovered = recovered
    }
}

/// How a replica's store stands.
public struct StoreCondition: Hashable, Sendable {
    public var roomLeft: RoomLeft
    /// The last damage that was found; nil when there never was any.
    public var damage: StoreDamage?
    /// Whether the store cannot write at all: nothing is called saved until it can.
    public var isFailing: Bool

    public init(
        roomLeft: RoomLeft = .all,
        damage: StoreDamage? = nil,
        isFailing: Bool = false
    ) {
        self.roomLeft = roomLeft
        self.damage = damage
        self.isFailing = isFailing
    }
}

/// Tells how the store stands under whoever shows it to people.
public protocol StoreWatch: RoomGauge {
    var condition: StoreCondition { get }
}

extension StoreWatch {
    public var roomLeft: RoomLeft { condition.roomLeft }
}
