import Foundation
import SwiftProtobuf
import Tally

/// Which voices a report has from the one before it, and which of its own went on to the next: a
/// decision of the hub.
public struct Gathering: Hashable, Sendable {
    static let type = "exception_report.gathered"

    /// From 1 up.
    let ordinal: Int
    let taken: [Voice]
    let carried: Set<OperationID>

    init(ordinal: Int, taken: [Voice], carried: Set<OperationID>) {
        self.ordinal = ordinal
        self.taken = taken
        self.carried = carried
    }

    /// Reads the gathering of a report's entity; nil when the hub made none.
    init?(_ record: EntityRecord) {
        guard let payload = record.decisions[Self.type]?.payload,
            let gathering = try? Gathering(payload: payload)
        else { return nil }  // best effort: only the hub writes these
        self = gathering
    }

    init(payload: [UInt8]) throws {
        do {
            let wire = try WireGathered(serializedBytes: payload)
            ordinal = Int(wire.ordinal)
            taken = try wire.taken.map(Voice.init)
            let names = wire.carried.compactMap { OperationID(bytes: $0) }
            guard ordinal > 0, names.count == wire.carried.count else {
                throw ExceptionRefusal.badPayload(type: Self.type)
            }
            carried = Set(names)
        } catch {
            throw ExceptionRefusal.badPayload(type: Self.type)
        }
    }

    func draft(of key: EntityKey) throws -> Draft {
        var wire = WireGathered()
        wire.ordinal = UInt32(clamping: ordinal)
        wire.taken = taken.map(\.wire)
        wire.carried = carried.sorted().map { Data($0.bytes) }
        let payload: [UInt8] = try wire.serializedBytes()
        return Draft(.decision, of: key, type: Self.type, payload: payload)
    }

    /// Whether another says the same: where the hub placed a voice is no part of it.
    func says(_ other: Gathering) -> Bool {
        carried == other.carried
            && taken.map(\.evidence.operation) == other.taken.map(\.evidence.operation)
    }
}

/// The reports on one place and category, one behind the other: five workers who report one fault
/// make one report with five voices, whether they could see each other or not.
///
/// A report's identifier follows from place, category and ordinal, so that terminals which do not
/// know of each other raise into one report. Where that was wrong the hub sets it right: a voice
/// goes on to the next report when it was captured too long before or after the first one, or when
/// the report is closed and whoever closed it could not see that voice. What went on stays there.
public struct ReportFile: Sendable {
    public let place: String
    public let category: String
    public let scope: Scope
    /// By ordinal from 1; nil where every voice went on.
    private let records: [(key: EntityKey, record: EntityRecord)]

    /// Reads all reports on a place and category.
    ///
    /// - Parameters:
    ///   - place: a machine's tag or a station's code.
    ///   - category: its code.
    ///   - scope: the area of the site.
    ///   - record: reads an entity.
    /// - Throws: what `record` throws.
    public init(
        place: String,
        category: String,
        in scope: Scope,
        record: (EntityKey) throws -> EntityRecord
    ) rethrows {
        self.place = NaturalKey.code(place)
        self.category = category
        self.scope = scope
        var records: [(key: EntityKey, record: EntityRecord)] = []
        while true {
            let key = ExceptionRoom.reportKey(
                place,
                category: category,
                ordinal: records.count + 1,
                in: scope
            )
            let next = try record(key)
            if next.isEmpty { break }
            records.append((key, next))
        }
        self.records = records
    }

    /// The latest report; nil when there is none.
    public var latest: ExceptionReport? { ExceptionReport.lastReadable(records.map(\.record)) }

    /// The report that one who reports now joins; nil when a new one is made.
    ///
    /// - Parameters:
    ///   - joinMinutes: of the category.
    ///   - now: when it is reported.
    /// - Returns: the latest one, while it is open and was raised within that time.
    public func open(joinMinutes: Int, now: Moment) -> ExceptionReport? {
        guard let latest, latest.stage != .closed,
            latest.raised.moment.isWithin(minutes: joinMinutes, of: now)
        else { return nil }
        return latest
    }

    /// The key and ordinal of the report that comes after the latest.
    var next: (key: EntityKey, ordinal: Int) {
        let ordinal = records.count + 1
        let key = ExceptionRoom.reportKey(place, category: category, ordinal: ordinal, in: scope)
        return (key, ordinal)
    }

    /// What the hub records when a report of this file has changed: nothing when every voice is
    /// where it belongs.
    ///
    /// The whole file is decided at once, since a voice that goes on may push others on.
    ///
    /// - Parameter joinMinutes: of the category.
    /// - Returns: a decision a report that gives or takes voices.
    /// - Throws: when a decision cannot be written as bytes.
    public func decide(joinMinutes: Int) throws -> [Draft] {
        var drafts: [Draft] = []
        var coming: [Voice] = []
        var index = 0
        while index < records.count || !coming.isEmpty {
            let known = index < records.count ? records[index].record : nil
            let key = ExceptionRoom.reportKey(
                place,
                category: category,
                ordinal: index + 1,
                in: scope
            )
            let current = known.flatMap { Gathering($0) }
            let made = gathering(index + 1, known, current, coming, joinMinutes)
            if let current {
                if !current.says(made.gathering) {
                    drafts.append(try made.gathering.draft(of: key))
                }
            } else if !made.gathering.taken.isEmpty || !made.gathering.carried.isEmpty {
                drafts.append(try made.gathering.draft(of: key))
            }
            coming = made.going
            index += 1
        }
        return drafts
    }

    private func gathering(
        _ ordinal: Int,
        _ record: EntityRecord?,
        _ current: Gathering?,
        _ coming: [Voice],
        _ joinMinutes: Int
    ) -> (gathering: Gathering, going: [Voice]) {
        let own = record.map(ExceptionReport.ownVoices) ?? []
        let gone = current?.carried ?? []
        let isHere = { (voice: Voice) in !gone.contains(voice.evidence.operation) }
        let base = own.first(where: isHere) ?? coming.first(where: isHere)
        let close = record.flatMap(ExceptionReport.closing)
        let going = (own + coming).filter { voice in
            guard isHere(voice) else { return true }
            guard let base, voice != base else { return false }
            if let close, !close.couldSee(voice.evidence) { return true }
            return !voice.evidence.moment.isWithin(minutes: joinMinutes, of: base.evidence.moment)
        }
        let gathering = Gathering(
            ordinal: ordinal,
            taken: coming,
            carried: Set(going.map(\.evidence.operation))
        )
        return (gathering, going.sorted { $0.evidence.isRecordedBefore($1.evidence) })
    }
}

extension Moment {
    func isWithin(minutes: Int, of other: Moment) -> Bool {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
        return !overflow && difference.magnitude <= UInt64(minutes) * 60_000
    }
}
