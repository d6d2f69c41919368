import Foundation
import Sync
import Tally

/// A disk whose power goes: what was synced is there, of the rest a part.
struct PowerModel {
    /// What becomes of writes that were not synced.
    enum Fate: String, CaseIterable, Sendable {
        /// None is there.
        case lost
        /// All are.
        case kept
        /// Those up to a moment are; of the one at that moment some sectors.
        case cut
        /// Of each, some sectors of 512 bytes.
        case torn
        /// Some whole ones, whatever their order.
        case reordered
    }

    private enum Change {
        case write(Int, [UInt8])
        case truncate(Int)
    }

    private struct File {
        var synced: [UInt8] = []
        var waiting: [Change] = []
    }

    private enum NameChange {
        case link(String, Int)
        case unlink(String)

        var name: String {
            switch self {
            case .link(let name, _), .unlink(let name): name
            }
        }
    }

    private var files: [File] = []
    /// Names as running programs see them, and as the disk has them.
    private var names: [String: Int] = [:]
    private var syncedNames: [String: Int] = [:]
    private var waitingNames: [NameChange] = []
    /// What somebody was told.
    private(set) var saved: [OperationID] = []
    private(set) var backups: [String] = []

    /// Takes the next event.
    mutating func take(_ event: DiskEvent) {
        switch event {
        case .create(let name): link(name)
        case .write(let name, let offset, let bytes):
            files[file(name)].waiting.append(.write(offset, bytes))
        case .truncate(let name, let count): files[file(name)].waiting.append(.truncate(count))
        case .sync(let name, failed: false): sync(name)
        case .sync(let name, failed: true): drop(name)
        case .delete(let name, let syncsFolder):
            names[name] = nil
            waitingNames.append(.unlink(name))
            if syncsFolder { syncNames(in: Self.parent(name)) }
        case .rename(let name, let target):
            guard let index = names.removeValue(forKey: name) else { return }
            names[target] = index
            waitingNames += [.link(target, index), .unlink(name)]
        case .syncFolder(let folder): syncNames(in: folder)
        case .saved(let ids): saved += ids
        case .backedUp(let name): backups.append(name)
        }
    }

    private mutating func link(_ name: String) {
        guard names[name] == nil else { return }
        files.append(File())
        names[name] = files.count - 1
        waitingNames.append(.link(name, files.count - 1))
    }

    private mutating func file(_ name: String) -> Int {
        link(name)
        return names[name] ?? 0
    }

    private mutating func sync(_ name: String) {
        let index = file(name)
        for change in files[index].waiting { Self.apply(change, to: &files[index].synced) }
        files[index].waiting = []
        // SQLite syncs the folder with the first sync of a log that it made.
        if name.hasSuffix("-wal") || name.hasSuffix("-journal") {
            syncNames(in: Self.parent(name))
        }
    }

    /// A sync that failed: the system forgets that there was something to write.
    private mutating func drop(_ name: String) { files[file(name)].waiting = [] }

    private static func parent(_ name: String) -> String {
        name.split(separator: "/").dropLast().joined(separator: "/")
    }

    private mutating func syncNames(in folder: String) {
        for change in waitingNames where Self.parent(change.name) == folder {
            Self.apply(change, to: &syncedNames)
        }
        waitingNames.removeAll { Self.parent($0.name) == folder }
    }

    private static func apply(_ change: NameChange, to names: inout [String: Int]) {
        switch change {
        case .link(let name, let index): names[name] = index
        case .unlink(let name): names[name] = nil
        }
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .write(let offset, let new):
            if bytes.count < offset + new.count {
                bytes += [UInt8](repeating: 0, count: offset + new.count - bytes.count)
            }
            bytes.replaceSubrange(offset..<offset + new.count, with: new)
        case .truncate(let count):
            if bytes.count > count {
                bytes.removeSubrange(count...)
            } else {
                bytes += [UInt8](repeating: 0, count: count - bytes.count)
            }
        }
    }

    // MARK: - The cut

    /// The files that are found after a cut now.
    func cut(_ fate: Fate, _ dice: inout SeededDice) -> [String: [UInt8]] {
        var found = syncedNames
        let count: Int
        switch fate {
        case .lost: count = 0
        case .kept: count = waitingNames.count
        default: count = Int(dice.next() % UInt64(waitingNames.count + 1))
        }
        for change in waitingNames.prefix(count) { Self.apply(change, to: &found) }
        // By name, so that a seed gives the same cut each time.
        return Dictionary(
            uniqueKeysWithValues: found.sorted { $0.key < $1.key }
                .map { ($0.key, content(files[$0.value], fate, &dice)) }
        )
    }

    private func content(_ file: File, _ fate: Fate, _ dice: inout SeededDice) -> [UInt8] {
        var bytes = file.synced
        switch fate {
        case .lost: break
        case .kept: for change in file.waiting { Self.apply(change, to: &bytes) }
        case .cut:
            let count = Int(dice.next() % UInt64(file.waiting.count + 1))
            for change in file.waiting.prefix(count) { Self.apply(change, to: &bytes) }
            if count < file.waiting.count { Self.tear(file.waiting[count], &bytes, &dice) }
        case .torn: for change in file.waiting { Self.tear(change, &bytes, &dice) }
        case .reordered:
            for change in file.waiting where dice.next() & 1 == 0 {
                Self.apply(change, to: &bytes)
            }
        }
        return bytes
    }

    /// Applies some sectors of a write; a truncation happens or does not.
    private static func tear(
        _ change: Change,
        _ bytes: inout [UInt8],
        _ dice: inout SeededDice
    ) {
        guard case .write(let offset, let new) = change else {
            if dice.next() & 1 == 0 { apply(change, to: &bytes) }
            return
        }
        var start = 0
        while start < new.count {
            let end = min(new.count, ((offset + start) / 512 + 1) * 512 - offset)
            if dice.next() & 1 == 0 {
                apply(.write(offset + start, Array(new[start..<end])), to: &bytes)
            }
            start = end
        }
    }
}
