import Dispatch
import Foundation
import Sync
import Synchronization
import Tally

/// The second copy of what a replica recorded: its own operations and what it is, in files beside
/// the database.
///
/// Whatever happens to the database, these bring back every record that was called saved, and the
/// replica's key. A segment (``JournalSegment``) is filled with zeros when it is made, so that
/// a record changes no file's size and finds its room there already; each begins with the settings
/// as they stand, so that one alone says who the replica is.
///
/// Writes are made by one thread at a time, the store's.
final class SecondJournal: Sendable {
    /// Bytes of a segment, unless one record needs more.
    static let segmentByteCount = 256 << 10

    private struct State {
        var number: UInt64
        var file: any DiskFile
        var end: Int
        var capacity: Int
        /// Where the group that is being written began.
        var mark: Int
        /// What the next segment begins with.
        var settings: [String: [UInt8]]
        /// As they were before that group.
        var settingsBefore: [String: [UInt8]] = [:]
    }

    private let folder: String
    private let disk: any Disk
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "ledger.journal", qos: .userInitiated)

    /// The folder of a data folder's second journal.
    static func folder(of data: DataFolder) -> String { data.path + "/journal" }

    /// Goes on with a journal, or begins one.
    ///
    /// - Parameters:
    ///   - data: the folder in which it lies.
    ///   - content: what ``read(_:)`` found there.
    ///   - disk: the files.
    /// - Throws: ``LedgerError`` when the disk is full or does not answer.
    init(_ data: DataFolder, after content: JournalContent, disk: any Disk) throws(LedgerError) {
        folder = Self.folder(of: data)
        self.disk = disk
        try Self.makeFolder(folder, disk)
        if let last = content.last, !last.isTorn, !last.isDamaged, !content.isDamaged,
            last.capacity >= last.end
        {
            let file = try disk.open(Self.path(folder, last.number))
            state = Mutex(
                State(
                    number: last.number,
                    file: file,
                    end: last.end,
                    capacity: last.capacity,
                    mark: last.end,
                    settings: content.settings
                )
            )
            return
        }
        let number = (content.last?.number ?? 0) + 1
        state = Mutex(
            try Self.segment(number, in: folder, disk, settings: content.settings, room: 0)
        )
    }

    /// The name of a segment in a data folder.
    static func name(_ number: UInt64) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 10 - digits.count))
        return "journal/" + zeros + digits + ".own"
    }

    private static func path(_ folder: String, _ number: UInt64) -> String {
        folder + "/" + name(number).dropFirst("journal/".count)
    }

    private static func makeFolder(_ folder: String, _ disk: any Disk) throws(LedgerError) {
        if mkdir(folder, 0o700) == 0 {
            try disk.syncFolder(URL(fileURLWithPath: folder).deletingLastPathComponent().path)
        } else if errno != EEXIST {
            throw .system(folder)
        }
    }

    /// Makes a segment that begins with the settings and has `room` bytes beside.
    private static func segment(
        _ number: UInt64,
        in folder: String,
        _ disk: any Disk,
        settings: [String: [UInt8]],
        room: Int
    ) throws(LedgerError) -> State {
        var bytes = JournalSegment.header(number)
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            let entry = JournalEntry.setting(key, value)
            bytes += JournalSegment.frame(entry, number: number, offset: bytes.count)
        }
        let end = bytes.count
        let capacity = max(segmentByteCount, end + room + 4_096)
        bytes += [UInt8](repeating: 0, count: capacity - end)
        let path = path(folder, number)
        let file = try disk.create(path)
        do throws(LedgerError) {
            try file.write(bytes, at: 0)
            try file.sync()
            try disk.syncFolder(folder)
        } catch {
            unlink(path)  // best effort: a segment that is cut counts for nothing
            throw error
        }
        return State(
            number: number,
            file: file,
            end: end,
            capacity: capacity,
            mark: end,
            settings: settings
        )
    }

    // MARK: - Writing

    /// Writes a group's entries and begins to bring them to the disk.
    ///
    /// - Returns: a wait for the disk; ``abandon()`` afterwards takes the entries back.
    /// - Throws: ``LedgerError``; nothing of the group is in the journal then.
    func begin(_ entries: [JournalEntry]) throws(LedgerError) -> JournalSync {
        guard !entries.isEmpty else { return JournalSync() }
        let file = try state.withLock { (state) throws(LedgerError) in
            try write(entries, &state)
            return state.file
        }
        let sync = JournalSync()
        sync.start(on: queue) { () throws(LedgerError) in try file.sync() }
        return sync
    }

    private func write(_ entries: [JournalEntry], _ state: inout State) throws(LedgerError) {
        var settings = state.settings
        for case .setting(let key, let value) in entries { settings[key] = value }
        var frames = frames(entries, state)
        if state.end + frames.count > state.capacity || !state.file.isInPlace() {
            try Self.makeFolder(folder, disk)
            state = try Self.segment(
                state.number + 1,
                in: folder,
                disk,
                settings: state.settings,
                room: frames.count
            )
            frames = self.frames(entries, state)
        }
        state.mark = state.end
        state.settingsBefore = state.settings
        do throws(LedgerError) {
            try state.file.write(frames, at: state.end)
        } catch {
            takeBack(frames.count, &state)
            throw error
        }
        state.end += frames.count
        state.settings = settings
    }

    private func frames(_ entries: [JournalEntry], _ state: State) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in [.group] + entries {
            let offset = state.end + bytes.count
            bytes += JournalSegment.frame(entry, number: state.number, offset: offset)
        }
        return bytes
    }

    /// Takes the last group back: the database did not take it, and whoever asked was told so.
    func abandon() {
        state.withLock { state in
            takeBack(state.end - state.mark, &state)
            state.end = state.mark
            state.settings = state.settingsBefore
        }
    }

    /// Best effort: where not even zeros can be written, the records of the group may come back,
    /// which were never called saved.
    private func takeBack(_ count: Int, _ state: inout State) {
        try? state.file.write([UInt8](repeating: 0, count: count), at: state.mark)
        try? state.file.sync()
    }

    /// Writes entries and waits until the disk has them.
    func append(_ entries: [JournalEntry]) throws(LedgerError) {
        for start in stride(from: 0, to: entries.count, by: 200) {
            let part = entries[start..<min(start + 200, entries.count)]
            try begin(Array(part)).wait()
        }
    }

    /// Goes on in a new segment, since the disk may have lost what it took for the present one.
    func startNewSegment() throws(LedgerError) {
        try state.withLock { (state) throws(LedgerError) in
            state = try Self.segment(
                state.number + 1,
                in: folder,
                disk,
                settings: state.settings,
                room: 0
            )
        }
    }

    // MARK: - Bounds

    /// Removes segments of which nothing is needed any more.
    ///
    /// - Parameter isDispensable: whether an operation is safe elsewhere.
    /// - Returns: how many segments went.
    /// - Throws: what `isDispensable` throws, and ``LedgerError``.
    func trim(_ isDispensable: (Sync.Operation) throws -> Bool) throws -> Int {
        let current = state.withLock(\.number)
        var removed = 0
        for number in Self.numbers(in: folder) where number < current {
            let path = Self.path(folder, number)
            let content = JournalSegment.read(Self.bytes(path), number: number)
            guard !content.isDamaged else { continue }
            var isNeeded = false
            for case .operation(let bytes, _) in content.entries where !isNeeded {
                isNeeded = try !isDispensable(try Sync.Operation(bytes: bytes))
            }
            guard !isNeeded else { continue }
            try disk.remove(path)
            removed += 1
        }
        if removed > 0 { try disk.syncFolder(folder) }
        return removed
    }

    // MARK: - Reading

    private static func numbers(in folder: String) -> [UInt64] {
        // Nil: there is no such folder yet.
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        return (names ?? []).filter { $0.hasSuffix(".own") }
            .compactMap { UInt64($0.dropLast(4)) }.sorted()
    }

    private static func bytes(_ path: String) -> [UInt8] {
        // Empty when it cannot be read, which then counts as damage.
        (FileManager.default.contents(atPath: path)).map { Array($0) } ?? []
    }

    /// Reads everything that a data folder's second journal holds, around whatever is damaged.
    static func read(_ data: DataFolder) -> JournalContent {
        let folder = folder(of: data)
        var content = JournalContent()
        for number in numbers(in: folder) {
            let bytes = bytes(path(folder, number))
            let segment = JournalSegment.read(bytes, number: number)
            content.add(segment, capacity: bytes.count)
        }
        return content
    }
}

/// What a second journal holds.
struct JournalContent: Sendable {
    /// The newest segment.
    struct Last: Sendable {
        let number: UInt64
        let end: Int
        let capacity: Int
        let isTorn: Bool
        let isDamaged: Bool
    }

    /// The latest value of each setting.
    private(set) var settings: [String: [UInt8]] = [:]
    /// Settings that were taken away.
    private(set) var removed: Set<String> = []
    /// In the order recorded, each once.
    private(set) var operations: [LoggedOperation] = []
    private(set) var isDamaged = false
    /// The segments that hold what is no frame.
    private(set) var damagedSegments: [UInt64] = []
    /// What could be read of them.
    private(set) var inDamagedSegments: [JournalEntry] = []
    private(set) var last: Last?
    private var known: Set<OperationID> = []
    /// Operations of the last group: the program may have ended before the database had them.
    private(set) var lastGroup: Set<OperationID> = []

    var isEmpty: Bool { settings.isEmpty && operations.isEmpty }

    mutating func add(_ segment: JournalSegment.Content, capacity: Int) {
        for entry in segment.entries {
            switch entry {
            case .setting(let key, let value):
                settings[key] = value
                if value == nil { removed.insert(key) } else { removed.remove(key) }
            case .operation(let bytes, let lane):
                guard let operation = try? Sync.Operation(bytes: bytes) else {
                    isDamaged = true
                    continue
                }
                if known.insert(operation.id).inserted {
                    let logged = LoggedOperation(operation: operation, judgement: nil, lane: lane)
                    operations.append(logged)
                }
                lastGroup.insert(operation.id)
            case .group:
                lastGroup = []
            }
        }
        if segment.isDamaged {
            isDamaged = true
            damagedSegments.append(segment.number)
            for case .operation(let bytes, let lane) in segment.entries
            where (try? Sync.Operation(bytes: bytes)) != nil {  // nil: noted above
                inDamagedSegments.append(.operation(bytes, lane))
            }
        }
        // An earlier segment was left for a newer one and may end as it was cut; it is read only.
        last = Last(
            number: segment.number,
            end: segment.end,
            capacity: capacity,
            isTorn: segment.isTorn,
            isDamaged: segment.isDamaged
        )
    }

    func holds(_ id: OperationID) -> Bool { known.contains(id) }
}

/// A wait for the disk to have what a journal wrote.
final class JournalSync: Sendable {
    private let outcome = Mutex<LedgerError?>(nil)
    private let group = DispatchGroup()

    fileprivate func start(
        on queue: DispatchQueue,
        _ work: @escaping @Sendable () throws(LedgerError) -> Void
    ) {
        queue.async(group: group) {
            do throws(LedgerError) {
                try work()
            } catch {
                self.outcome.withLock { $0 = error }
            }
        }
    }

    /// Waits for the disk.
    func wait() throws(LedgerError) {
        group.wait()
        if let error = outcome.withLock({ $0 }) { throw error }
    }
}
