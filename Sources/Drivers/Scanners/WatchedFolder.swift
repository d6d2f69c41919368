import CLinuxDevices
import Foundation
import Glibc
import Imaging
import Tally

/// A folder in which other programs leave pictures of codes, or lists of what was scanned.
///
/// A file is taken when its writer closed it or moved it in (inotify(7)), or when it lay still for
/// two seconds; so one that is half written is never read. Before its scans are given on it is
/// moved to `done`, so that no crash makes them twice; what cannot be read goes to `failed`.
struct WatchedFolder: DeviceDriver {
    static let byteCountMax = 20 << 20
    static let linesMax = 1000
    private static let stillMilliseconds: UInt64 = 2000
    private static let pictures = ["png", "jpg", "jpeg", "pgm", "ppm"]
    private static let lists = ["txt"]

    let path: String
    let port: DevicePort
    let reader: ImagingWorkerClient

    private struct Seen: Equatable {
        let size: Int
        let changed: Int
        var since: UInt64
        var isClosed = false
    }

    func serve(_ line: DeviceLine) throws(DeviceFault) {
        try prepare()
        let file = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard file >= 0 else { throw .system(errno, port: port) }
        defer { close(file) }
        let events =
            UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE_SELF)
            | UInt32(IN_MOVE_SELF) | UInt32(IN_CREATE)
        guard inotify_add_watch(file, path, events) >= 0 else { throw .system(errno, port: port) }
        line.set(.ready)
        var seen: [String: Seen] = [:]
        var closed: Set<String> = []
        while !line.isStopping {
            let isWaiting = try look(&seen, closed, line)
            closed = []
            let timeout = isWaiting ? Self.stillMilliseconds / 4 : nil
            if !line.wait([file], milliseconds: timeout).isEmpty {
                closed = try Self.changes(file, port)
            }
        }
    }

    private func prepare() throws(DeviceFault) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(errno, port: port) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(ENOTDIR, port: port) }
        for folder in [path + "/done", path + "/failed"] where mkdir(folder, 0o755) != 0 {
            guard errno == EEXIST else { throw .system(errno, port: port) }
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else { throw .system(errno, port: port) }
    }

    /// Names of files that their writers closed.
    private static func changes(
        _ file: Int32,
        _ port: DevicePort
    ) throws(DeviceFault) -> Set<String> {
        var names: Set<String> = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { return names }
            var offset = 0
            // struct inotify_event: wd, mask, cookie, len (4 bytes each), then the name.
            while offset + 16 <= count {
                let mask = word(buffer, offset + 4)
                let length = Int(word(buffer, offset + 12))
                if mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) != 0 {
                    throw .gone(port: port.description, detail: "the folder is gone")
                }
                if mask & UInt32(IN_CLOSE_WRITE | IN_MOVED_TO) != 0 {
                    let name = buffer[(offset + 16)..<(offset + 16 + length)].prefix { $0 != 0 }
                    names.insert(String(decoding: name, as: UTF8.self))
                }
                offset += 16 + length
            }
        }
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
    }

    /// Takes the files that are whole.
    ///
    /// - Returns: whether others must be looked at again.
    private func look(
        _ seen: inout [String: Seen],
        _ closed: Set<String>,
        _ line: DeviceLine
    ) throws(DeviceFault) -> Bool {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw .gone(port: port.description, detail: FileWords.words(error))
        }
        let now = DeviceLine.now
        var known: [String: Seen] = [:]
        for name in names where Self.isWanted(name) && !line.isStopping {
            var status = stat()
            guard stat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG
            else { continue }
            var entry = Seen(
                size: Int(status.st_size),
                changed: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec,
                since: now
            )
            if let before = seen[name], before.size == entry.size, before.changed == entry.changed {
                entry.since = before.since
            }
            let isStill = now - entry.since >= Self.stillMilliseconds
            if entry.size > 0, closed.contains(name) || isStill {
                take(name, size: entry.size, line)
            } else {
                known[name] = entry
            }
        }
        seen = known
        return !known.isEmpty
    }

    private static func isWanted(_ name: String) -> Bool {
        guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
        let ending = name[name.index(after: dot)...].lowercased()
        return pictures.contains(ending) || lists.contains(ending)
    }

    private func take(_ name: String, size: Int, _ line: DeviceLine) {
        guard size <= Self.byteCountMax, let content = content(of: name),
            let texts = texts(of: name, content)
        else {
            move(name, to: "failed")
            line.lose(.unreadable)
            return
        }
        guard move(name, to: "done") else { return line.lose(.unreadable) }
        for text in texts {
            // A folder is no person who scans too fast: it waits for its turn.
            while case let pace = line.paceMilliseconds, pace > 0, !line.isStopping {
                _ = line.wait([], milliseconds: pace)
            }
            guard !line.isStopping else { return }
            _ = line.give(text, RawScan(raw: [], isEnded: true))
        }
    }

    private func content(of name: String) -> [UInt8]? {
        // What cannot be read goes where people look for it; that is all there is to do.
        (try? Data(contentsOf: URL(filePath: path + "/" + name))).map(Array.init)
    }

    /// The texts that a file holds; nil when it holds none.
    private func texts(of name: String, _ content: [UInt8]) -> [String]? {
        if name.lowercased().hasSuffix(".txt") {
            let lines = DecodedText(content).text.split(whereSeparator: \.isNewline)
                .map(String.init)
            let isSound =
                !lines.isEmpty && lines.count <= Self.linesMax
                && lines.allSatisfy { $0.utf8.count <= ScanStream.bytesMax }
            return isSound ? lines : nil
        }
        guard let reading = try? reader.read(picture: content), !reading.symbols.isEmpty else {
            return nil
        }
        return reading.symbols.map(PictureCode.text)
    }

    /// Moves a file into a folder beside it, under another name where that one is taken.
    @discardableResult
    private func move(_ name: String, to folder: String) -> Bool {
        var target = "\(path)/\(folder)/\(name)"
        var number = 1
        while access(target, F_OK) == 0, number < 10_000 {
            target = "\(path)/\(folder)/\(number)-\(name)"
            number += 1
        }
        return rename(path + "/" + name, target) == 0
    }
}
