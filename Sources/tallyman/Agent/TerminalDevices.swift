import Codes
import Drivers
import Foundation
import Imaging
import Ledger
import ServiceLifecycle
import Sync
import Synchronization
import Tally
import Web

/// What hangs on a terminal, between its drivers and its page.
final class TerminalDevices: KioskDevices {
    /// Events of a device that wait to be taken; the oldest are kept.
    private static let waitingMax = 64

    private let profile: TerminalProfile
    private let rack: DeviceRack
    private let desk = TeachDesk()
    private let frames = FrameReader()
    private let sheet = TeachSheet()
    private let store: LedgerStore
    private let texts: StringTable
    /// How the page's own scanner is read.
    private let page: Mutex<KeptFormat>
    /// Why the stop output failed last; nil while it did not.
    private let outputTrouble = Mutex<StopOutput.Failure?>(nil)
    /// By device, in the order in which they came.
    let events: [AsyncStream<DeviceEvent>]

    /// What was taught of a device and is kept in the terminal's store.
    private struct KeptFormat: Codable {
        var format: ScanFormat
        /// Keys of the page's scanner are read by their places.
        var isByPlace: Bool
    }

    /// Prepares the devices; opens none.
    init(_ profile: TerminalProfile, store: LedgerStore, texts: StringTable) async throws {
        self.profile = profile
        self.store = store
        self.texts = texts
        var kept: [String: KeptFormat] = [:]
        for name in profile.devices.map(\.name) + [TeachDesk.page] {
            let bytes = try await store.read { try $0.setting(Self.setting(name)) }
            kept[name] = try bytes.map {
                try JSONDecoder().decode(KeptFormat.self, from: Data($0))
            }
        }
        let wedge = profile.devices.first { $0.port == .page && $0.profile.kind == .scanner }
        var standard = wedge?.format ?? ScanFormat()
        if wedge == nil { standard.gsTexts = ["^]"] }
        page = Mutex(kept[TeachDesk.page] ?? KeptFormat(format: standard, isByPlace: false))
        var continuations: [String: AsyncStream<DeviceEvent>.Continuation] = [:]
        var events: [AsyncStream<DeviceEvent>] = []
        for device in profile.devices {
            let (stream, continuation) = AsyncStream.makeStream(
                of: DeviceEvent.self,
                bufferingPolicy: .bufferingOldest(Self.waitingMax)
            )
            continuations[device.name] = continuation
            events.append(stream)
        }
        self.events = events
        let waiting = continuations
        rack = DeviceRack(profile, taught: kept.mapValues(\.format)) { event in
            waiting[event.device]?.yield(event)
        }
    }

    private static func setting(_ device: String) -> SettingKey {
        SettingKey("device.format.\(device)")
    }

    /// Opens the devices.
    ///
    /// - Throws: the fault of one without which the terminal is not to start.
    func start() throws { try rack.start() }

    /// Lets go of the devices.
    func stop() { rack.stop() }

    var statuses: [DeviceStatus] { rack.statuses }

    /// Hands what a device tells to the page.
    func deliver(_ event: DeviceEvent, to pages: KioskPages) async {
        switch event {
        case .changed:
            await pages.devicesChanged()
        case .loss(let device, let loss, let count):
            await pages.tellLoss(of: device, loss.rawValue, count: count)
        case .scan(let scan):
            let format = rack.format(of: scan.device) ?? ScanFormat()
            let input = KioskInput(
                device: scan.device,
                number: scan.number,
                text: scan.text,
                isWhole: scan.raw.isEnded
            ) { [desk] in
                desk.take(.raw(scan.raw), of: scan.device, format: format)
            }
            _ = await pages.take(input)
        }
    }

    // MARK: For the page

    func standing() -> [KioskDevice] {
        let own = KioskDevice(
            name: TeachDesk.page,
            model: "",
            port: "page",
            state: DeviceStatus.State.ready.rawValue,
            trouble: nil,
            scans: 0,
            losses: 0
        )
        let others = rack.statuses.filter { $0.port != "page" }.map { status in
            KioskDevice(
                name: status.name,
                model: status.model,
                port: status.port,
                state: status.state.rawValue,
                trouble: status.fault,
                scans: status.scans,
                losses: status.losses.values.reduce(0, +)
            )
        }
        return [own] + others + [output].compactMap(\.self)
    }

    /// The stop output, as one of the devices.
    private var output: KioskDevice? {
        guard let program = profile.stopOutput?.stop.first else { return nil }
        let trouble = outputTrouble.withLock { $0 }
        let state: DeviceStatus.State = trouble == nil ? .ready : .waiting
        return KioskDevice(
            name: "stop-output",
            model: "",
            port: program,
            state: state.rawValue,
            trouble: trouble,
            scans: 0,
            losses: 0
        )
    }

    /// How the stop output fared last; nil for well.
    func noteStopOutput(_ failure: StopOutput.Failure?) {
        outputTrouble.withLock { $0 = failure }
    }

    func typed(_ text: String) -> String {
        let format = page.withLock { $0.format }
        // The page's script took the key at the end for the end.
        let end = format.suffix.last.map { "\r\t".contains($0) ? String($0) : "" } ?? ""
        return ScanReading(RawScan(raw: Array((text + end).utf8), isEnded: true), format).text
    }

    func scannerSettings() throws -> [UInt8] {
        struct Settings: Encodable {
            let keys: [String: [String]]?
            let hasCamera: Bool
        }
        let kept = page.withLock { $0 }
        let camera = profile.devices.contains { $0.port == .page && $0.profile.kind == .camera }
        let settings = Settings(
            keys: kept.isByPlace ? PageKeys.table(of: kept.format.keyboard) : nil,
            hasCamera: camera
        )
        return Array(try JSONEncoder().encode(settings))
    }

    func teach(_ isTaught: Bool) { rack.teach(isTaught) }

    func take(_ keys: [KioskKey]) {
        let typed = keys.map { key in
            if let number = key.number {
                let text = (0..<128).contains(number) ? String(Unicode.Scalar(UInt8(number))) : ""
                return PageKey(text: text, stroke: .number(number, digits: key.digits ?? 0))
            }
            let stroke = PageKeys.code(key.code).map { code in
                KeyStroke(
                    code: code,
                    shift: key.shift,
                    control: key.control,
                    alt: key.alt,
                    alternate: key.alternate
                )
            }
            return PageKey(
                text: PageKeys.text(of: key.key, stroke),
                stroke: stroke.map(TypedKey.stroke)
            )
        }
        desk.take(.page(typed), of: TeachDesk.page, format: page.withLock { $0.format })
    }

    func lesson() -> KioskLesson? {
        desk.last.map { device, lesson, isKept in
            KioskLesson(
                device: device,
                seen: lesson.seen,
                count: TeachCode.all.count,
                findings: lesson.findings.map { finding in
                    KioskLesson.Finding(
                        name: finding.name,
                        facts: finding.facts,
                        tone: finding.tone.rawValue
                    )
                },
                stranger: lesson.stranger,
                isKept: isKept
            )
        }
    }

    func keepLesson() async throws {
        guard let (device, lesson, _) = desk.last else { return }
        let kept = KeptFormat(format: lesson.format, isByPlace: lesson.isByPlace)
        let bytes = Array(try JSONEncoder().encode(kept))
        try await store.write { try $0.set(Self.setting(device), to: bytes) }
        if device == TeachDesk.page {
            page.withLock { $0 = kept }
        } else {
            rack.change(kept.format, of: device)
        }
        desk.keep(device)
    }

    func forgetLesson() {
        if let device = desk.last?.device { desk.forget(device) }
    }

    func codes(in picture: [UInt8], of page: String) async throws -> [String]? {
        switch await frames.read(picture, of: page) {
        case .fresh(let texts): return texts
        case .superseded: return nil
        case .unreadable(let error): throw error
        }
    }

    func teachCode(_ number: Int) async throws -> [UInt8]? {
        try sheet.code(number).map { Array($0.utf8) }
    }

    func teachSheet() async throws -> [UInt8] {
        Array(try TeachWords.page(sheet, texts).utf8)
    }
}

extension DeviceEvent {
    /// Whose it is.
    var device: String {
        switch self {
        case .scan(let scan): scan.device
        case .loss(let device, _, _): device
        case .changed(let status): status.name
        }
    }
}

/// The words on the sheet of teach codes.
enum TeachWords {
    /// The sheet, in both languages.
    static func page(_ sheet: TeachSheet, _ texts: StringTable) throws -> String {
        let languages: [CommandCode.Language] = [.chinese, .english]
        func both(_ key: String) -> [String] { languages.map { texts.text(key, $0) } }
        var captions: [Int: [String]] = [:]
        for code in TeachCode.all {
            captions[code.number] = both("teach.code_\(code.number)").map {
                "\(code.number)  \($0)"
            }
        }
        return try sheet.page(
            title: both("teach.sheet_title") + both("teach.sheet_hint"),
            captions: captions
        )
    }
}

/// Carries what devices tell to the page, each device's events in their order, until the end.
struct DeviceService: Service {
    let devices: TerminalDevices
    let pages: KioskPages

    func run() async throws {
        await withDiscardingTaskGroup { group in
            for events in devices.events {
                group.addTask {
                    for await event in events.cancelOnGracefulShutdown() {
                        await devices.deliver(event, to: pages)
                    }
                }
            }
            if devices.events.isEmpty {
                group.addTask { try? await gracefulShutdown() }
            }
        }
        devices.stop()
    }
}
