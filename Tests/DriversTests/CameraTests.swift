import CLinuxDevices
import Drivers
import Foundation
import Glibc
import Imaging
import Synchronization
import Tally
import Testing

/// Cameras: what becomes of their pictures, and the calls by which they are used.
@Suite struct CameraTests {
    /// A picture of a code, as a camera of each format gives it.
    private static func frame(
        _ format: FrameConversion.Format,
        _ text: String
    ) throws -> (bytes: [UInt8], side: Int, stride: Int) {
        var (side, gray) = try WorkerFixture.code(text)
        if !side.isMultiple(of: 2) {
            gray = (0..<side + 1).flatMap { row in
                (0..<side + 1).map { row < side && $0 < side ? gray[row * side + $0] : 255 }
            }
            side += 1
        }
        let stride = side + 16
        switch format {
        case .grey:
            let rows = (0..<side).flatMap { row in
                gray[row * side..<(row + 1) * side] + [UInt8](repeating: 77, count: 16)
            }
            return (rows, side, stride)
        case .nv12:
            return (gray + [UInt8](repeating: 128, count: side * side / 2), side, side)
        case .yuyv:
            return (gray.flatMap { [$0, 128] }, side, side * 2)
        case .mjpeg:
            return ([], side, 0)
        }
    }

    @Test(arguments: [FrameConversion.Format.grey, .nv12, .yuyv])
    func `pictures of every format are read`(_ format: FrameConversion.Format) throws {
        let (bytes, side, stride) = try Self.frame(format, "FRAME-\(format.rawValue)")
        let file = try #require(
            FrameConversion.file(bytes, format, width: side, height: side, stride: stride)
        )
        let reading = try WorkerFixture.reader().read(picture: file)
        #expect(reading.symbols.map(\.text.text) == ["FRAME-\(format.rawValue)"])
        let cut = Array(bytes.prefix(side * side / 2))
        #expect(
            FrameConversion.file(cut, format, width: side, height: side, stride: stride) == nil
        )
    }

    @Test func `a camera's JPEG without its tables is made whole`() throws {
        let whole = try #require(Data(base64Encoded: Self.jpeg, options: .ignoreUnknownCharacters))
        let file = Array(whole)
        #expect(
            try WorkerFixture.reader().read(picture: file).symbols.map(\.text.text) == ["MJPEG"]
        )
        var bare = Array(file[..<2])
        var index = 2
        while index + 4 <= file.count, file[index] == 0xFF, file[index + 1] != 0xDA {
            let length = 2 + Int(file[index + 2]) << 8 + Int(file[index + 3])
            if file[index + 1] != 0xC4 { bare += file[index..<index + length] }
            index += length
        }
        bare += file[index...]
        #expect(bare.count < file.count)
        let made = try #require(FrameConversion.jpeg(bare))
        #expect(
            try WorkerFixture.reader().read(picture: made).symbols.map(\.text.text) == ["MJPEG"]
        )
        #expect(FrameConversion.jpeg(file) == file)
        #expect(FrameConversion.jpeg([1, 2, 3]) == nil)
        #expect(FrameConversion.jpeg(Array(bare.prefix(30))) == nil)
    }

    @Test func `a code in view is taken once, and again after it was out of sight`() {
        var gate = CodeGate()
        #expect(gate.fresh(["A"], at: 0) == ["A"])
        for now in stride(from: UInt64(100), through: 5000, by: 100) {
            #expect(gate.fresh(["A"], at: now) == [])
        }
        #expect(gate.fresh(["A", "B"], at: 5100) == ["B"])
        #expect(gate.fresh([], at: 6000) == [])
        #expect(gate.fresh(["A"], at: 7000) == ["A"])
        for number in 0..<10_000 { _ = gate.fresh(["N\(number)"], at: 7001 + UInt64(number)) }
        #expect(gate.fresh(["N9999"], at: 17_002) == [])
    }

    /// One picture under way, and of those that wait the newest.
    @Test func `the newest of a page's pictures wins`() async throws {
        let (side, gray) = try WorkerFixture.code("NEWEST")
        let picture = Array("P5\n\(side) \(side)\n255\n".utf8) + gray
        let reader = FrameReader(client: WorkerFixture.reader())
        let answers = await withTaskGroup(of: FrameReader.Answer.self) { group in
            for _ in 0..<20 { group.addTask { await reader.read(picture, of: "page") } }
            return await group.reduce(into: [FrameReader.Answer]()) { $0.append($1) }
        }
        let superseded = answers.count { if case .superseded = $0 { true } else { false } }
        let fresh = answers.compactMap { if case .fresh(let texts) = $0 { texts } else { nil } }
        #expect(superseded + fresh.count == 20)
        #expect(fresh.count >= 2)
        #expect(fresh.flatMap { $0 } == ["NEWEST"])
        let broken = await reader.read([1, 2, 3], of: "page")
        guard case .unreadable = broken else {
            Issue.record("\(broken)")
            return
        }
    }

    @Test(arguments: [
        ("/dev/video-that-is-not", "devices.not_there"), ("/dev/null", "devices.wrong_kind"),
    ])
    func `what is no camera is told as that`(_ path: String, _ code: String) throws {
        let terminal = try Carried.terminal(
            """
            devices:
              - {name: cam, profile: uvc-camera, port: "v4l2:\(path)", onStartupError: fail}
            """
        )
        let fault = #expect(throws: DeviceFault.self) { try withDevices(terminal, Ear()) { _ in } }
        #expect(fault?.code.text == code)
    }

    /// A camera played by the test: the kernel's calls with buffers of shared memory.
    @Test func `pictures are taken from the kernel's buffers, the newest first, and given back`()
        throws
    {
        let camera = try PlayedCamera(["FIRST", "SECOND"])
        let terminal = try Carried.terminal(
            "devices:\n  - {name: cam, profile: uvc-camera, port: \"v4l2:/dev/video0\"}\n"
        )
        let device = terminal.devices[0]
        let driver = VideoCamera(
            path: "/dev/video0",
            wanted: device.profile.camera,
            reader: WorkerFixture.reader(),
            calls: camera.calls
        )
        let ear = Ear()
        let rack = DeviceRack([(device, driver)], sink: ear.sink)
        try rack.start()
        #expect(Ear.wait { rack.statuses[0].state == .ready })
        camera.show(0)
        #expect(Ear.wait { ear.scans() == ["FIRST"] })
        for _ in 0..<3 { camera.show(0) }
        camera.show(1)
        #expect(Ear.wait { ear.scans() == ["FIRST", "SECOND"] })
        camera.unplug()
        #expect(Ear.wait { rack.statuses[0].fault?.code.text == "devices.not_there" })
        rack.stop()
        #expect(camera.isTidy)
    }

    /// A QR code `MJPEG` as a JPEG of 8 kB at most, with the usual tables.
    private static let jpeg = SampleJPEG.base64
}

/// The kernel's side of a camera.
private final class PlayedCamera: Sendable {
    private struct State {
        var queued: [UInt32] = []
        var filled: [(index: UInt32, count: Int)] = []
        var isOn = false
        var isGone = false
        var mapped = 0
    }

    private let state = Mutex(State())
    private let frames: [[UInt8]]
    private let side: Int
    /// Written under the lock while a buffer is queued, and read by the camera once it is not.
    nonisolated(unsafe) private let buffers: [UnsafeMutableRawPointer]
    /// Readable while a picture is ready.
    private let ready: Int32

    init(_ texts: [String]) throws {
        var frames: [[UInt8]] = []
        var side = 0
        for text in texts {
            let (width, gray) = try WorkerFixture.code(text)
            side = width
            frames.append(gray)
        }
        self.frames = frames
        self.side = side
        let count = side * side
        buffers = (0..<4).map { _ in .allocate(byteCount: count, alignment: 16) }
        ready = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_SEMAPHORE))
    }

    var isTidy: Bool { state.withLock { !$0.isOn && $0.mapped == 0 } }

    /// Fills the next buffer, as the camera does.
    func show(_ frame: Int) {
        let isFilled = state.withLock { state in
            guard let index = state.queued.first else { return false }
            state.queued.removeFirst()
            buffers[Int(index)].copyMemory(from: frames[frame], byteCount: side * side)
            state.filled.append((index, side * side))
            return true
        }
        guard isFilled else { return }
        var one: UInt64 = 1
        _ = write(ready, &one, 8)
    }

    func unplug() {
        state.withLock { $0.isGone = true }
        var one: UInt64 = 1
        _ = write(ready, &one, 8)
    }

    var calls: VideoCalls {
        var calls = VideoCalls()
        calls.open = { _ in
            if self.state.withLock({ $0.isGone }) {
                errno = ENOENT
                return -1
            }
            return dup(self.ready)
        }
        calls.control = { _, request, value in self.control(request, value) }
        calls.map = { _, _, offset in
            self.state.withLock { $0.mapped += 1 }
            return self.buffers[offset / 4096]
        }
        calls.unmap = { _, _ in self.state.withLock { $0.mapped -= 1 } }
        return calls
    }

    private func control(_ request: UInt, _ value: UnsafeMutableRawPointer) -> Int32 {
        state.withLock { state in
            if state.isGone, request != tallyman_VIDIOC_STREAMOFF { return ENODEV }
            switch request {
            case tallyman_VIDIOC_QUERYCAP:
                let capability = value.assumingMemoryBound(to: v4l2_capability.self)
                capability.pointee.capabilities =
                    UInt32(V4L2_CAP_VIDEO_CAPTURE) | UInt32(V4L2_CAP_STREAMING)
            case tallyman_VIDIOC_ENUM_FMT:
                let description = value.assumingMemoryBound(to: v4l2_fmtdesc.self)
                guard description.pointee.index == 0 else { return EINVAL }
                description.pointee.pixelformat = FrameConversion.Format.grey.code
            case tallyman_VIDIOC_S_FMT:
                let format = value.assumingMemoryBound(to: v4l2_format.self)
                format.pointee.fmt.pix.width = UInt32(side)
                format.pointee.fmt.pix.height = UInt32(side)
                format.pointee.fmt.pix.bytesperline = UInt32(side)
            case tallyman_VIDIOC_REQBUFS:
                break
            case tallyman_VIDIOC_QUERYBUF:
                let buffer = value.assumingMemoryBound(to: v4l2_buffer.self)
                buffer.pointee.length = UInt32(side * side)
                buffer.pointee.m.offset = buffer.pointee.index * 4096
            case tallyman_VIDIOC_QBUF:
                state.queued.append(value.assumingMemoryBound(to: v4l2_buffer.self).pointee.index)
            case tallyman_VIDIOC_DQBUF:
                guard !state.filled.isEmpty else { return EAGAIN }
                let (index, count) = state.filled.removeFirst()
                var number: UInt64 = 0
                _ = read(ready, &number, 8)
                let buffer = value.assumingMemoryBound(to: v4l2_buffer.self)
                buffer.pointee.index = index
                buffer.pointee.bytesused = UInt32(count)
            case tallyman_VIDIOC_STREAMON: state.isOn = true
            case tallyman_VIDIOC_STREAMOFF: state.isOn = false
            default: return ENOTTY
            }
            return 0
        }
    }
}
