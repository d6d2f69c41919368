import CLinuxDevices
import Glibc
import Imaging

/// A camera of Linux's video interface (V4L2), read in buffers that it shares with us.
///
/// Of the pictures that are ready the newest is read and the others go back, so what is read was
/// seen just now; while it is read the camera fills its other buffers.
package struct VideoCamera: DeviceDriver {
    private static let bufferCount: UInt32 = 4
    /// A camera that gives no picture for so long is gone.
    private static let silenceMilliseconds: UInt64 = 5000

    private let path: String
    private let port: DevicePort
    private let wanted: DeviceProfile.Camera?
    private let reader: ImagingWorkerClient
    private let calls: VideoCalls

    /// A camera.
    ///
    /// - Parameters:
    ///   - path: such as `/dev/video0`, better one of `/dev/v4l/by-id`.
    ///   - wanted: what pictures are asked for.
    ///   - reader: what finds the codes in them.
    ///   - calls: the kernel's side, which tests play.
    package init(
        path: String,
        wanted: DeviceProfile.Camera?,
        reader: ImagingWorkerClient,
        calls: VideoCalls = VideoCalls()
    ) {
        self.path = path
        port = .video(path: path)
        self.wanted = wanted
        self.reader = reader
        self.calls = calls
    }

    /// How pictures come.
    private struct Picture {
        let format: FrameConversion.Format
        let width: Int
        let height: Int
        let stride: Int
    }

    package func serve(_ line: DeviceLine) throws(DeviceFault) {
        let file = calls.open(path)
        guard file >= 0 else { throw .system(errno, port: port) }
        defer { close(file) }
        try check(file)
        let picture = try setFormat(file)
        let buffers = try mapBuffers(file)
        defer { for buffer in buffers { calls.unmap(buffer.address, buffer.count) } }
        var type = Int32(V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue)
        try control(file, tallyman_VIDIOC_STREAMON, &type)
        defer { _ = calls.control(file, UInt(tallyman_VIDIOC_STREAMOFF), &type) }
        line.set(.ready)
        var gate = CodeGate()
        let pause = 1000 / UInt64(max(1, wanted?.framesPerSecond ?? 8))
        while !line.isStopping {
            let begun = DeviceLine.now
            guard let frame = try newest(file, buffers, line) else { continue }
            read(frame, picture, &gate, line)
            let passed = DeviceLine.now - begun
            if passed < pause { _ = line.wait([], milliseconds: pause - passed) }
        }
    }

    private func control<Value>(
        _ file: Int32,
        _ request: UInt,
        _ value: inout Value
    ) throws(DeviceFault) {
        let number = withUnsafeMutablePointer(to: &value) { pointer in
            calls.control(file, UInt(request), UnsafeMutableRawPointer(pointer))
        }
        guard number == 0 else { throw .system(number, port: port) }
    }

    private func check(_ file: Int32) throws(DeviceFault) {
        var capability = v4l2_capability()
        try control(file, tallyman_VIDIOC_QUERYCAP, &capability)
        let all = capability.capabilities
        let can = all & UInt32(V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps : all
        guard can & UInt32(V4L2_CAP_VIDEO_CAPTURE) != 0, can & UInt32(V4L2_CAP_STREAMING) != 0
        else { throw .wrongKind(port: port.description, detail: "gives no video") }
    }

    private func setFormat(_ file: Int32) throws(DeviceFault) -> Picture {
        var offered: Set<UInt32> = []
        for index in 0..<64 {
            var description = v4l2_fmtdesc()
            description.index = UInt32(index)
            description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
            let number = withUnsafeMutablePointer(to: &description) { pointer in
                calls.control(
                    file,
                    UInt(tallyman_VIDIOC_ENUM_FMT),
                    UnsafeMutableRawPointer(pointer)
                )
            }
            guard number == 0 else { break }
            offered.insert(description.pixelformat)
        }
        guard
            let format = FrameConversion.Format.allCases.first(where: { offered.contains($0.code) })
        else { throw .wrongKind(port: port.description, detail: "no picture format of ours") }
        var setting = v4l2_format()
        setting.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        setting.fmt.pix.width = UInt32(wanted?.width ?? 1280)
        setting.fmt.pix.height = UInt32(wanted?.height ?? 720)
        setting.fmt.pix.pixelformat = format.code
        setting.fmt.pix.field = V4L2_FIELD_NONE.rawValue
        try control(file, tallyman_VIDIOC_S_FMT, &setting)
        let got = setting.fmt.pix
        guard got.pixelformat == format.code, (1...8192).contains(got.width),
            (1...8192).contains(got.height)
        else { throw .wrongKind(port: port.description, detail: "other pictures than asked for") }
        return Picture(
            format: format,
            width: Int(got.width),
            height: Int(got.height),
            stride: Int(got.bytesperline)
        )
    }

    private struct Buffer {
        let address: UnsafeMutableRawPointer
        let count: Int
    }

    private func mapBuffers(_ file: Int32) throws(DeviceFault) -> [Buffer] {
        var request = v4l2_requestbuffers()
        request.count = Self.bufferCount
        request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        request.memory = V4L2_MEMORY_MMAP.rawValue
        try control(file, tallyman_VIDIOC_REQBUFS, &request)
        var buffers: [Buffer] = []
        do {
            for index in 0..<min(request.count, 32) {
                var description = buffer(index)
                try control(file, tallyman_VIDIOC_QUERYBUF, &description)
                let count = Int(description.length)
                guard let address = calls.map(file, count, Int(description.m.offset)) else {
                    throw DeviceFault.system(errno, port: port)
                }
                buffers.append(Buffer(address: address, count: count))
                try control(file, tallyman_VIDIOC_QBUF, &description)
            }
            guard buffers.count >= 2 else { throw DeviceFault.system(ENOMEM, port: port) }
        } catch {
            for buffer in buffers { calls.unmap(buffer.address, buffer.count) }
            throw error as? DeviceFault ?? .system(EIO, port: port)
        }
        return buffers
    }

    private func buffer(_ index: UInt32) -> v4l2_buffer {
        var buffer = v4l2_buffer()
        buffer.index = index
        buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
        buffer.memory = V4L2_MEMORY_MMAP.rawValue
        return buffer
    }

    /// The newest picture that is ready; nil when the line stopped meanwhile.
    private func newest(
        _ file: Int32,
        _ buffers: [Buffer],
        _ line: DeviceLine
    ) throws(DeviceFault) -> [UInt8]? {
        let until = DeviceLine.now + Self.silenceMilliseconds
        var newest: [UInt8]?
        while !line.isStopping, newest == nil {
            guard DeviceLine.now < until else {
                throw .gone(port: port.description, detail: "no picture for 5 seconds")
            }
            guard let ready = line.wait([file], milliseconds: 1000).first else { continue }
            if ready.events & POLLIN == 0 {
                throw .gone(port: port.description, detail: "unplugged")
            }
            var held: v4l2_buffer?
            while true {
                var next = buffer(0)
                let number = withUnsafeMutablePointer(to: &next) { pointer in
                    calls.control(
                        file,
                        UInt(tallyman_VIDIOC_DQBUF),
                        UnsafeMutableRawPointer(pointer)
                    )
                }
                if number == EAGAIN { break }
                guard number == 0 else { throw .system(number, port: port) }
                if var older = held { try control(file, tallyman_VIDIOC_QBUF, &older) }
                held = next
            }
            guard var last = held else { continue }
            if last.flags & UInt32(V4L2_BUF_FLAG_ERROR) == 0, Int(last.index) < buffers.count {
                let buffer = buffers[Int(last.index)]
                let count = min(Int(last.bytesused), buffer.count)
                newest = Array(UnsafeRawBufferPointer(start: buffer.address, count: count))
            }
            try control(file, tallyman_VIDIOC_QBUF, &last)
        }
        return newest
    }

    private func read(
        _ frame: [UInt8],
        _ picture: Picture,
        _ gate: inout CodeGate,
        _ line: DeviceLine
    ) {
        let file = FrameConversion.file(
            frame,
            picture.format,
            width: picture.width,
            height: picture.height,
            stride: picture.stride
        )
        // A picture that cannot be read costs itself: the next one is there in a moment.
        guard let file, let reading = try? reader.read(picture: file) else {
            return line.lose(.unreadable)
        }
        for text in gate.fresh(reading.symbols.map(PictureCode.text), at: DeviceLine.now) {
            _ = line.give(text, RawScan(raw: [], isEnded: true))
        }
    }
}

/// The calls by which a camera is used.
package struct VideoCalls: Sendable {
    package var open: @Sendable (String) -> Int32 = { path in
        Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    }
    /// ioctl(2): 0, or the number of what went wrong.
    package var control: @Sendable (Int32, UInt, UnsafeMutableRawPointer) -> Int32 = {
        file,
        request,
        value in
        ioctl(file, request, value) == 0 ? 0 : errno
    }
    package var map: @Sendable (Int32, Int, Int) -> UnsafeMutableRawPointer? = {
        file,
        count,
        offset in
        let address = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset)
        return address == MAP_FAILED ? nil : address
    }
    package var unmap: @Sendable (UnsafeMutableRawPointer, Int) -> Void = { _ = munmap($0, $1) }

    /// The kernel's own.
    package init() {}
}
