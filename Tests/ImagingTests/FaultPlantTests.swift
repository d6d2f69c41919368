import Glibc
import Imaging
import Tally
import Testing

/// A child that is told to fail costs the one picture that told it.
@Suite struct FaultPlantTests {
    private let client = ImagingWorkerClient(
        executable: WorkerFixture.executable,
        timeout: .seconds(20),
        environment: ["TALLYMAN_IMAGING_PLANT=1"]
    )

    private func expectAlive() throws {
        let picture = try client.png(of: QRContent(text: "ALIVE"))
        #expect(try client.read(picture: picture).symbols.map(\.text.text) == ["ALIVE"])
    }

    @Test(
        arguments: [
            ("abort", SIGABRT), ("segfault", SIGSEGV), ("bus", SIGBUS), ("kill", SIGKILL),
        ]
    )
    func `a fault costs one picture`(word: String, signal: Int32) throws {
        try expectAlive()
        #expect(throws: ImagingError.workerDied(signal: signal, status: nil)) {
            try client.read(picture: Array("PLANT \(word)".utf8))
        }
        try expectAlive()
    }

    /// It ends at its limit of memory, or, where that takes long to fill, at its limit of time.
    @Test func `a picture that eats memory costs itself`() throws {
        try expectAlive()
        #expect(throws: ImagingError.self) {
            try client.read(picture: Array("PLANT memory".utf8))
        }
        try expectAlive()
    }

    @Test func `a child that leaves or babbles costs one picture`() throws {
        #expect(throws: ImagingError.workerDied(signal: nil, status: 7)) {
            try client.read(picture: Array("PLANT exit".utf8))
        }
        try expectAlive()
        #expect(throws: ImagingError.wireBroken) {
            try client.read(picture: Array("PLANT babble".utf8))
        }
        try expectAlive()
    }

    @Test(arguments: ["hang", "spin"])
    func `a child that never answers costs one picture and its time`(word: String) throws {
        let client = ImagingWorkerClient(
            executable: WorkerFixture.executable,
            timeout: .milliseconds(800),
            environment: ["TALLYMAN_IMAGING_PLANT=1"]
        )
        #expect(throws: ImagingError.timedOut(milliseconds: 800)) {
            try client.read(picture: Array("PLANT \(word)".utf8))
        }
        let picture = try WorkerFixture.client().png(of: QRContent(text: "ALIVE"))
        var isAlive = false
        // On a busy machine the new child may need more than its time to start.
        for _ in 0..<5 where !isAlive { isAlive = (try? client.read(picture: picture)) != nil }
        #expect(isAlive)
    }

    @Test func `nobody else's child takes orders from pictures`() throws {
        let client = WorkerFixture.client()
        #expect(throws: ImagingError.refused(.unknownFormat, detail: "not PNG, JPEG, PGM or PPM")) {
            try client.read(picture: Array("PLANT abort".utf8))
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `odd shapes and cut files get an answer`(seed: UInt64) throws {
        var dice = SeededDice(seed: seed)
        for (width, height) in [(1, 1), (1, 900), (900, 1), (2, 3), (3, 4_000), (31, 17)] {
            let pixels = (0..<(width * height)).map { _ in UInt8.random(in: 0...255, using: &dice) }
            let frame = try #require(GrayFrame(width: width, pixels: pixels))
            let kinds = Set(Symbology.allCases)
            #expect(try client.read(frame: frame, symbologies: kinds).partialCount == 0)
        }
        let picture = try client.png(of: QRContent(text: "CUT"))
        let child = client.processID
        for _ in 0..<60 {
            var cut = Array(picture.prefix(Int.random(in: 1...picture.count, using: &dice)))
            cut[Int.random(in: cut.indices, using: &dice)] ^= UInt8.random(
                in: 1...255,
                using: &dice
            )
            do throws(ImagingError) {
                _ = try client.read(picture: cut)
            } catch {
                guard case .refused = error else { throw error }
            }
        }
        #expect(client.processID == child, "seed \(seed)")
    }
}
