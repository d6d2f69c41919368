import Imaging

/// Reads the pictures that browsers' cameras send: of each page one at a time, and the newest of
/// those that came meanwhile.
public actor FrameReader {
    /// What became of a picture.
    public enum Answer: Sendable {
        /// The codes in it that were not in those before.
        case fresh([String])
        /// A newer one came before its turn.
        case superseded
        /// It is no picture, or the decoder failed on it.
        case unreadable(ImagingError)
    }

    /// Pages that are remembered; the one that was silent the longest goes first.
    static let pagesMax = 16

    private struct Page {
        var gate = CodeGate()
        var isBusy = false
        var waiting: CheckedContinuation<Bool, Never>?
        var last: UInt64 = 0
    }

    private let client: ImagingWorkerClient
    private var pages: [String: Page] = [:]

    public init(client: ImagingWorkerClient = ImagingWorkerClient()) {
        self.client = client
    }

    /// Reads a picture of a page's camera.
    ///
    /// - Parameters:
    ///   - picture: a JPEG or PNG file.
    ///   - page: whose camera.
    /// - Returns: what became of it; of two that wait the older one is superseded.
    public func read(_ picture: [UInt8], of page: String) async -> Answer {
        guard await turn(page) else { return .superseded }
        defer { pass(page) }
        do {
            let reading = try await client.readInBackground(picture: picture)
            let texts = reading.symbols.map(PictureCode.text)
            return .fresh(pages[page]?.gate.fresh(texts, at: DeviceLine.now) ?? texts)
        } catch let error as ImagingError {
            return .unreadable(error)
        } catch {
            return .unreadable(.wireBroken)
        }
    }

    private func turn(_ page: String) async -> Bool {
        pages[page, default: Page()].last = DeviceLine.now
        forget()
        guard pages[page]?.isBusy == true else {
            pages[page]?.isBusy = true
            return true
        }
        return await withCheckedContinuation { continuation in
            pages[page]?.waiting?.resume(returning: false)
            pages[page]?.waiting = continuation
        }
    }

    private func pass(_ page: String) {
        guard let next = pages[page]?.waiting else {
            pages[page]?.isBusy = false
            return
        }
        pages[page]?.waiting = nil
        next.resume(returning: true)
    }

    private func forget() {
        while pages.count > Self.pagesMax {
            let silent = pages.filter { !$0.value.isBusy }.min { $0.value.last < $1.value.last }
            guard let silent else { return }
            pages[silent.key] = nil
        }
    }
}
