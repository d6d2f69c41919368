import Agent
import Codes
import ExceptionReports
import Foundation
import Hummingbird
import Sync
import Tally

/// The 8D of a report as one file: styles within, so that it can be sent on.
public struct EightDPage: Sendable {
    private let table: StringTable
    private let pages: PageLibrary
    private let style: String
    private let zone: TimeZone

    /// Reads the texts and templates.
    ///
    /// - Parameters:
    ///   - folder: where `Kiosk` and `Strings` are.
    ///   - zone: the site's.
    /// - Throws: ``TemplateError`` naming the file that is missing or broken.
    public init(_ folder: TemplateFolder, zone: TimeZone) throws(TemplateError) {
        table = try StringTable(folder)
        pages = try PageLibrary(folder, "Kiosk")
        style = try folder.text("Kiosk/eight_d.css")
        self.zone = zone
    }

    /// The page of a report.
    ///
    /// - Parameters:
    ///   - id: the report's.
    ///   - sites: where it is looked for.
    ///   - reader: as this replica knows entities.
    ///   - language: of the paper.
    ///   - now: when it is made.
    /// - Returns: HTML; nil when there is no such report.
    /// - Throws: what the store throws.
    public func html(
        of id: Identifier,
        sites: [String],
        _ reader: EntityReader,
        language: CommandCode.Language,
        now: Moment
    ) throws -> String? {
        let found = try sites.compactMap { try reader.exceptionReport(id, site: $0) }.first
        guard let report = found else { return nil }
        let words = KioskWords(table: table, language: language, zone: zone, now: now)
        var view = try EightDView(report, reader, words)
        view.style = style
        return try pages.render("Kiosk/eight_d", view)
    }
}
