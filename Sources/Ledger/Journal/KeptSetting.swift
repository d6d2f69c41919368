import Sync

/// The settings without which a terminal would not be itself: the second journal holds them too.
///
/// Clocks, cursors and counts are not among them: they follow from the operations, or the hub tells
/// them again.
enum KeptSetting {
    private static let keys: Set<String> = [
        Setting.privateKey.text, Setting.replica.text, Setting.formerKeys.text,
        Setting.formerEnrolments.text,
        Setting.successionCode.text, Setting.successionKey.text, Setting.epoch.text,
        "sync.enrolment",
    ]
    /// What the terminal's daemon and its way to the hub were told when they were set up.
    private static let prefixes = ["agent.", "door."]

    static func isKept(_ key: SettingKey) -> Bool {
        keys.contains(key.text) || prefixes.contains { key.text.hasPrefix($0) }
    }
}
