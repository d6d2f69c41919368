import Agent
import Tally

/// What a page says about the store under it: in the reader's language, most urgent first.
struct StoreWarnings {
    /// How long a page tells of damage that was mended: a day, so that each shift sees it.
    private static let shownMilliseconds: Int64 = 86_400_000

    let words: KioskWords

    /// The sentences for a condition; none when all is well.
    func texts(_ condition: StoreCondition) -> [String] {
        var texts: [String] = []
        if condition.isFailing { texts.append(words.text("kiosk.store_failing")) }
        switch condition.roomLeft {
        case .none: texts.append(words.text("kiosk.room_none"))
        case .noViews: texts.append(words.text("kiosk.room_no_views"))
        case .noPhotos: texts.append(words.text("kiosk.room_no_photos"))
        case .all: break
        }
        if let damage = condition.damage,
            words.now < damage.found.adding(milliseconds: Self.shownMilliseconds)
        {
            texts.append(
                words.text(
                    "kiosk.damage_\(damage.finding.word)",
                    [
                        "time": words.time(damage.found),
                        "count": String(damage.recovered),
                    ]
                )
            )
        }
        return texts
    }
}

extension StoreDamage.Finding {
    /// As it stands in the keys of texts.
    fileprivate var word: String {
        switch self {
        case .database, .databaseMissing: "database"
        case .recordsMissing: "records"
        case .journal: "journal"
        case .disk: "disk"
        }
    }
}
