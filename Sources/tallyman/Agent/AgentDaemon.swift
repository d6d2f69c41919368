import Agent
import AsyncHTTPClient
import Drivers
import Foundation
import Hub
import Hummingbird
import Imaging
import Ledger
import Logging
import ServiceLifecycle
import Sync
import Tally
import Web

/// The terminal's daemon.
struct AgentDaemon {
    let folder: String
    let listen: ListenAddress
    /// Nil: the one that the terminal was started with last.
    let hub: String?
    let token: EnrolmentToken?
    /// The file that says what hangs on the terminal; nil: nothing does.
    let profile: String?
    let peer: PeerSettings
    /// Bytes that are kept back for when the disk is full.
    let ballastByteCount: Int
    /// The age of the history that stays, in milliseconds.
    let historyKept: Int64

    /// How long whoever took a photo waits for its small picture.
    private static let previewTimeout = Duration.seconds(4)
    private static let hubSetting = SettingKey("agent.hub")
    /// The hub's authority as a DER certificate.
    private static let authoritySetting = SettingKey("agent.hub_authority")
    /// What tells this terminal's jobs at a print server from those of others.
    private static let printingName = SettingKey("agent.printing_name")
    /// The absolute path of the profile of the last start, for `doctor`.
    static let profileSetting = SettingKey("agent.profile")

    func run() async throws {
        let logger = Daemon.logger("tallyman.agent")
        let store = try LedgerStore(try DataFolder(folder), options(logger))
        let address = try await hubAddress(store)
        let door = address.map { self.door(to: $0, store) }
        do {
            try await run(store, address, door, logger)
        } catch {
            try await door?.close()
            throw error
        }
        try await door?.close()
    }

    /// The way to the hub; its authority is kept beside the records.
    private func door(to hub: URL, _ store: LedgerStore) -> HubDoor {
        HubDoor(
            hub: hub,
            pin: token?.pin,
            memory: HubDoor.Memory(
                recall: { try await store.read { try $0.setting(Self.authoritySetting) } },
                keep: { bytes in
                    try await store.write { try $0.set(Self.authoritySetting, to: bytes) }
                }
            )
        )
    }

    private func run(
        _ store: LedgerStore,
        _ address: URL?,
        _ door: HubDoor?,
        _ logger: Logger
    ) async throws {
        let clock = try MachineClock()
        let rules = try CodeRuleWatch(try Texts.folder(), logger: logger)
        let shell = try await Self.shell(store, rules, clock, logger)
        let daemon = Daemon(
            name: "agent",
            listen: listen,
            controlSocket: ControlSocket.path(of: folder),
            logger: logger
        )
        let blobs = try blobs(store)
        let (pump, blobPump) = pumps(shell, blobs, address, door, logger)
        let terminal = try await terminal(store)
        let resting = try await TerminalPrinters.prepare(terminal, store)
        let spooler = try await Self.spooler(store, clock, logger, resting)
        let printing = try PrintDesk.desk(store, clock: clock) { spooler.wake() }
        let devices = try await TerminalDevices(
            terminal,
            store: store,
            texts: try StringTable(try Texts.folder())
        )
        let desk = AgentDesk(
            shell: shell,
            store: store,
            printing: printing,
            devices: devices,
            rules: rules
        ) { (daemon.address.text, pump?.isConnected ?? false) }
        let pages = Router()
        CommandRoutes(shell, texts: try StringTable(try Texts.folder())).add(to: pages)
        RecordRoutes(shell).add(to: pages)
        try RecordsPage(shell: shell, folder: try Texts.folder(), clock: clock).add(to: pages)
        try Self.addPrinting(printing, shell, clock, to: pages)
        let photos = Self.addPhotos(of: blobs, blobPump, shell, to: pages, logger)
        let kiosk = try KioskPages(
            shell: shell,
            folder: try Texts.folder(),
            connection: { pump?.isConnected ?? false },
            makeID: { Self.randomName() },
            clock: clock,
            devices: devices,
            photos: photos,
            logger: logger
        )
        kiosk.add(to: pages)
        HealthRoutes(health: { try await desk.health() }, metrics: { try await desk.metrics() })
            .add(to: pages)
        let control = Router()
        Control.routes { (request: AgentRequest) in try await desk.answer(request) }
            .add(to: control)
        var services: [any Service] = []
        if let pump, let blobPump { services = [pump, blobPump] }
        services.append(StoreCaretaker(store, shell, historyKept: historyKept, logger))
        services += [SpoolerService(spooler: spooler), rules] as [any Service]
        services.append(DeviceService(devices: devices, pages: kiosk))
        if let output = terminal.stopOutput {
            services.append(
                StopOutputService(output: output, shell: shell, devices: devices, logger: logger)
            )
        }
        try devices.start()
        defer { devices.stop() }
        try await daemon.run(pages: pages, control: control, services: services)
    }

    private static func shell(
        _ store: LedgerStore,
        _ rules: CodeRuleWatch,
        _ clock: MachineClock,
        _ logger: Logger
    ) async throws -> TerminalShell {
        let shell = try await TerminalShell(
            store: store,
            vocabulary: PlantVocabulary.all,
            compressor: NoteCompression.compressor,
            rules: rules.rules,
            utcOffset: LocalClock.utcOffset,
            clock: clock,
            dice: SystemDice(),
            report: { $0.log(to: logger) },
            watch: store
        )
        rules.serve(shell)
        return shell
    }

    private static func addPrinting(
        _ desk: PrintDesk,
        _ shell: TerminalShell,
        _ clock: MachineClock,
        to pages: Router<BasicRequestContext>
    ) throws {
        let templates = try Texts.folder()
        PrintRoutes(desk).add(to: pages)
        try PrintPage(desk: desk, folder: templates).add(to: pages)
        try ReceiptLabelPage(desk: desk, shell: shell, clock: clock, folder: templates)
            .add(to: pages)
    }

    /// What moves records and photos to the hub; nil where no hub is known.
    private func pumps(
        _ shell: TerminalShell,
        _ blobs: BlobDesk,
        _ address: URL?,
        _ door: HubDoor?,
        _ logger: Logger
    ) -> (SyncPump?, BlobPump?) {
        guard let address, let door else { return (nil, nil) }
        let client = { @Sendable in try await door.client() }
        let pump = SyncPump(
            shell,
            link: HTTPHubLink(
                hub: address,
                client: client,
                compressor: BodyCompression.compressor,
                prove: shell.prove
            ),
            enrolmentCode: token?.code,
            settings: peer,
            logger: logger
        )
        return (
            pump, BlobPump(shell, desk: blobs, hub: address, client: client, logger: logger)
        )
    }

    /// Photos go first when room is short: they can wait at their source.
    private func blobs(_ store: LedgerStore) throws -> BlobDesk {
        try BlobDesk(hasRoom: { store.roomLeft > .noPhotos }) {
            BlobFolder(DataFolder.blobs(of: folder))
        }
    }

    /// Puts the routes of photos on a router.
    ///
    /// - Returns: the photos as the kiosk page needs them.
    private static func addPhotos(
        of blobs: BlobDesk,
        _ pump: BlobPump?,
        _ shell: TerminalShell,
        to pages: Router<BasicRequestContext>,
        _ logger: Logger
    ) -> KioskPhotos {
        let makePreview = makingPreviews(logger)
        let photos = PhotoRoutes(
            blobs,
            makePreview: makePreview,
            want: { pump?.want($0, isPreview: $1) }
        )
        photos.addTaking(to: pages)
        photos.addShowing(to: pages)
        return KioskPhotos(
            keep: { try await blobs.keep(photo: $0, makePreview: makePreview) },
            waiting: { try await blobs.waiting(epoch: try await shell.epoch() ?? 0) }
        )
    }

    /// Makes small pictures in a child process; nil, and a line in the log, where it cannot.
    private static func makingPreviews(
        _ logger: Logger
    ) -> @Sendable ([UInt8]) async -> [UInt8]? {
        // A child of its own: whoever took a photo waits for it.
        let imaging = ImagingWorkerClient(timeout: previewTimeout)
        return { photo in
            do {
                let count = BlobManifest.previewLengthMax
                return try await imaging.previewInBackground(of: photo, byteCount: count)
            } catch {
                logger.notice("a photo has no preview", metadata: ["error": "\(error)"])
                return nil
            }
        }
    }

    /// What hangs on the terminal.
    private func terminal(_ store: LedgerStore) async throws -> TerminalProfile {
        var terminal = TerminalProfile()
        if let profile {
            terminal = try DeviceFolders.library().terminal(profile)
            let path = URL(filePath: profile).standardizedFileURL.path
            try await store.write { try $0.set(Self.profileSetting, to: Array(path.utf8)) }
        } else {
            try await store.write { try $0.set(Self.profileSetting, to: nil) }
        }
        return terminal
    }

    private func options(_ logger: Logger) -> LedgerOptions {
        var options = LedgerOptions.terminal(ballastByteCount: ballastByteCount)
        options.tell = { StoreCaretaker.tell($0, logger) }
        return options
    }

    private static func spooler(
        _ store: LedgerStore,
        _ clock: MachineClock,
        _ logger: Logger,
        _ resting: Set<String>
    ) async throws -> PrintSpooler {
        let plant = try await store.write { transaction in
            if let kept = try transaction.setting(printingName) {
                return String(decoding: kept, as: UTF8.self)
            }
            let name = String(randomName().prefix(12))
            try transaction.set(printingName, to: Array(name.utf8))
            return name
        }
        return PrintSpooler(
            queue: LedgerPrintQueue(store),
            // A child of its own: drawing a long label must not keep a scan waiting.
            imaging: ImagingWorkerClient(timeout: .seconds(60)),
            clock: clock,
            plant: plant,
            resting: resting
        ) { trouble in
            logger.error("printing.failed", metadata: ["error": "\(trouble)"])
        }
    }

    /// A name for a page that nobody can guess.
    private static func randomName() -> String {
        var dice = SystemDice()
        return Identifier.random(&dice).description
    }

    /// The hub's address, as given now or at an earlier start.
    private func hubAddress(_ store: LedgerStore) async throws -> URL? {
        if let hub {
            let address = try Self.permitted(hub)
            try await store.write { try $0.set(Self.hubSetting, to: Array(hub.utf8)) }
            return address
        }
        let kept = try await store.read { try $0.setting(Self.hubSetting) }
        return try kept.map { try Self.permitted(String(decoding: $0, as: UTF8.self)) }
    }

    /// An address that a terminal may speak to.
    private static func permitted(_ hub: String) throws -> URL {
        guard let address = URL(string: hub), ["http", "https"].contains(address.scheme),
            address.host() != nil
        else { throw DaemonRefusal.badHubAddress(hub) }
        guard HubDoor.permits(address) else { throw DaemonRefusal.plainHub(hub) }
        return address
    }
}
