import Synchronization

/// The lessons of a terminal, one a device; the page's own scanner is the device `page`.
public final class TeachDesk: Sendable {
    /// What the page's scanner is called.
    public static let page = "page"
    /// Lessons that are kept; a terminal has not more devices.
    private static let countMax = 33

    private struct State {
        var lessons: [String: TeachLesson] = [:]
        var last: String?
        var kept: Set<String> = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Takes a scan of a device.
    ///
    /// - Parameters:
    ///   - input: what came.
    ///   - device: of which; another than before is a lesson of its own.
    ///   - format: how the device is read now.
    /// - Returns: the number of the teach code; nil for any other.
    @discardableResult
    public func take(_ input: TeachInput, of device: String, format: ScanFormat) -> Int? {
        state.withLock { state in
            if state.lessons[device] == nil, state.lessons.count >= Self.countMax {
                state.lessons.removeAll()
            }
            var lesson = state.lessons[device] ?? TeachLesson(format)
            let number = lesson.take(input)
            state.lessons[device] = lesson
            state.last = device
            if number != nil { state.kept.remove(device) }
            return number
        }
    }

    /// The lesson that was used last: its device, and whether its format is kept already.
    public var last: (device: String, lesson: TeachLesson, isKept: Bool)? {
        state.withLock { state in
            guard let device = state.last, let lesson = state.lessons[device] else { return nil }
            return (device, lesson, state.kept.contains(device))
        }
    }

    /// The format of the last lesson is in use from now on.
    public func keep(_ device: String) {
        state.withLock { _ = $0.kept.insert(device) }
    }

    /// Forgets what was scanned of a device, for another try.
    public func forget(_ device: String) {
        state.withLock { state in
            state.lessons[device] = nil
            state.kept.remove(device)
            if state.last == device { state.last = nil }
        }
    }
}
