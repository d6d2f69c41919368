import FaultyDisk
import Foundation
import Ledger
import Sync
import Synchronization
import Tally

/// What happened to the files of a folder, in order.
enum DiskEvent: Sendable {
    case create(String)
    case write(String, Int, [UInt8])
    case truncate(String, Int)
    /// `failed`: the disk said no, and what was waiting may never be written.
    case sync(String, failed: Bool)
    case delete(String, syncsFolder: Bool)
    case rename(String, String)
    case syncFolder(String)
    /// Somebody was told that these are saved.
    case saved([OperationID])
    /// A backup has its name and was called finished.
    case backedUp(String)
}

/// What a disk does instead of what it is asked, by the number of the event from 1 on.
struct DiskPlan: Sendable {
    /// Writes and creations from here on, this many, find the disk full.
    var full: Range<Int> = 0..<0
    /// These syncs (counted for themselves, from 1) fail.
    var failedSyncs: Range<Int> = 0..<0
}

/// Listens to everything that SQLite and the store write under a folder.
///
/// What a plan says fails.
final class PowerRecorder: Sendable {
    private struct State {
        var events: [DiskEvent] = []
        var plan = DiskPlan()
        var count = 0
        var syncs = 0
        var refused = 0
    }

    private let state = Mutex(State())
    let root: String
    private let watch: Mutex<CInt> = Mutex(-1)

    /// Listens to a folder, which is there, until ``stop()``.
    init(_ root: String, _ plan: DiskPlan = DiskPlan()) {
        self.root = root + "/"
        state.withLock { $0.plan = plan }
        precondition(faulty_disk_install() == 0, "SQLite takes the layer")
        let context = Unmanaged.passUnretained(self).toOpaque()
        let place = faulty_disk_watch(
            self.root,
            { context, event, path, offset, bytes, count in
                guard let context, let path else { return 0 }
                let recorder = Unmanaged<PowerRecorder>.fromOpaque(context).takeUnretainedValue()
                let buffer = UnsafeRawBufferPointer(start: bytes, count: Int(count))
                return recorder.take(event, String(cString: path), Int(offset), Array(buffer))
            },
            context
        )
        precondition(place >= 0, "there is room for a watch")
        watch.withLock { $0 = place }
    }

    /// Ends listening; every file must be closed.
    func stop() { faulty_disk_forget(watch.withLock { $0 }) }

    var events: [DiskEvent] { state.withLock(\.events) }
    var plan: DiskPlan {
        get { state.withLock(\.plan) }
        set { state.withLock { $0.plan = newValue } }
    }
    /// How many writes and creations there were, and how many were refused.
    var counts: (writes: Int, syncs: Int, refused: Int) {
        state.withLock { ($0.count, $0.syncs, $0.refused) }
    }

    func note(_ event: DiskEvent) { state.withLock { $0.events.append(event) } }

    /// SQLite's number for a full disk, and for a sync that failed.
    private static let full: CInt = 13
    private static let syncFailed: CInt = 10 | 4 << 8

    private func take(_ event: CInt, _ path: String, _ offset: Int, _ bytes: [UInt8]) -> CInt {
        let name = String(path.dropFirst(root.count))
        switch faulty_disk_event(UInt32(event)) {
        case FAULTY_DISK_CREATE: return wants(.create(name)) ? 0 : Self.full
        case FAULTY_DISK_WRITE: return wants(.write(name, offset, bytes)) ? 0 : Self.full
        case FAULTY_DISK_TRUNCATE: note(.truncate(name, offset))
        case FAULTY_DISK_SYNC: return syncs(name) ? 0 : Self.syncFailed
        case FAULTY_DISK_DELETE: note(.delete(name, syncsFolder: offset != 0))
        default: break
        }
        return 0
    }

    /// Whether something that takes room may happen.
    func wants(_ event: DiskEvent) -> Bool {
        state.withLock { state in
            state.count += 1
            guard !state.plan.full.contains(state.count) else {
                state.refused += 1
                return false
            }
            state.events.append(event)
            return true
        }
    }

    /// Whether a sync succeeds.
    func syncs(_ name: String) -> Bool {
        state.withLock { state in
            state.syncs += 1
            let failed = state.plan.failedSyncs.contains(state.syncs)
            state.events.append(.sync(name, failed: failed))
            return !failed
        }
    }
}

/// The store's own files, told to a recorder.
struct RecordedDisk: Disk {
    let recorder: PowerRecorder

    private func name(_ path: String) -> String { String(path.dropFirst(recorder.root.count)) }

    func create(_ path: String) throws(LedgerError) -> any DiskFile {
        guard recorder.wants(.create(name(path))) else { throw .diskFull(path) }
        recorder.note(.truncate(name(path), 0))
        return RecordedFile(try SystemDisk().create(path), name(path), path, recorder)
    }

    func open(_ path: String) throws(LedgerError) -> any DiskFile {
        RecordedFile(try SystemDisk().open(path), name(path), path, recorder)
    }

    func rename(_ path: String, to target: String) throws(LedgerError) {
        recorder.note(.rename(name(path), name(target)))
        try SystemDisk().rename(path, to: target)
    }

    func remove(_ path: String) throws(LedgerError) {
        recorder.note(.delete(name(path), syncsFolder: false))
        try SystemDisk().remove(path)
    }

    func syncFolder(_ path: String) throws(LedgerError) {
        // The empty name is the watched folder itself.
        recorder.note(.syncFolder(name(path)))
    }
}

private final class RecordedFile: DiskFile {
    private let file: any DiskFile
    private let name: String
    private let path: String
    private let recorder: PowerRecorder

    init(_ file: any DiskFile, _ name: String, _ path: String, _ recorder: PowerRecorder) {
        self.file = file
        self.name = name
        self.path = path
        self.recorder = recorder
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(LedgerError) {
        guard recorder.wants(.write(name, offset, bytes)) else { throw .diskFull(path) }
        try file.write(bytes, at: offset)
    }

    func sync() throws(LedgerError) {
        guard recorder.syncs(name) else { throw .failed(path, detail: "sync") }
    }

    func isInPlace() -> Bool { file.isInPlace() }
}
