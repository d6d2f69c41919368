import Foundation
import GRDB
import Sync
import Tally

/// The last damage is kept with the database, so that a page, a doctor and a restart can tell it.
extension StoreDamage {
    private static let key = SettingKey("ledger.damage")

    init?(in reading: any ReplicaReading) throws {
        guard let bytes = try reading.setting(Self.key) else { return nil }
        var decoder = CanonicalDecoder(bytes)
        guard let finding = Finding(rawValue: try decoder.text()) else { return nil }
        let found = Moment(milliseconds: try decoder.signed())
        let detail = try decoder.text()
        let folder = try decoder.text()
        self.init(
            finding,
            found: found,
            detail: detail,
            movedTo: folder.isEmpty ? nil : folder,
            recovered: Int(clamping: try decoder.integer())
        )
    }

    func save(_ database: Database) throws {
        var encoder = CanonicalEncoder()
        encoder.write(finding.rawValue)
        encoder.write(found.milliseconds)
        encoder.write(detail)
        encoder.write(movedTo ?? "")
        encoder.write(UInt64(clamping: recovered))
        try database.run(
            """
            INSERT INTO setting (key, value) VALUES (?, ?)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value
            """,
            [Self.key.text, Data(encoder.bytes)]
        )
    }
}
