import Foundation
import Imaging

/// Sends frames to one child as a camera does, and watches the child's memory.
struct FramesBench {
    let count: Int

    struct Answer: Encodable {
        let frames: Int
        let withCode: Int
        let perSecond: Double
        /// Resident memory of the child after a tenth of the frames, and at the end.
        let kilobytesEarly: Int
        let kilobytesAtEnd: Int
        /// How many processes did it.
        let children: Int

        var text: String {
            """
            \(frames) frames, \(withCode) with a code that was read, \
            \(Int(perSecond.rounded())) a second; the child's memory: \(kilobytesEarly) KB after a \
            tenth, \(kilobytesAtEnd) KB at the end; \(children) child processes
            """
        }
    }

    func run() throws -> Answer {
        let client = ImagingWorkerClient()
        let frames = try Self.frames(client)
        var (withCode, early) = (0, 0)
        var children: Set<Int32> = []
        let start = ContinuousClock.now
        for number in 0..<count {
            let reading = try client.read(frame: frames[number % frames.count])
            if !reading.symbols.isEmpty { withCode += 1 }
            if number % 500 == 0 || number == count - 1, let child = client.processID {
                children.insert(child)
            }
            if number == count / 10, let child = client.processID { early = Self.memory(child) }
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        return Answer(
            frames: count,
            withCode: withCode,
            perSecond: Double(count) / seconds,
            kilobytesEarly: early,
            kilobytesAtEnd: client.processID.map(Self.memory) ?? 0,
            children: children.count
        )
    }

    /// Codes of several sizes, light on dark too, a torn one, and one frame without.
    private static func frames(_ client: ImagingWorkerClient) throws -> [GrayFrame] {
        var frames: [GrayFrame] = []
        for (index, text) in ["TM:C:QTY:40", "到货单 DN-1", "https://id.example/8004/CNC-01"]
            .enumerated()
        {
            let modules = try client.modules(of: QRContent(text: text), level: .medium)
            if let frame = frame(modules, size: 2 + index, isTorn: false) { frames.append(frame) }
            if index == 2, let frame = frame(modules, size: 3, isTorn: true) {
                frames.append(frame)
            }
        }
        if let blank = GrayFrame(width: 160, pixels: [UInt8](repeating: 200, count: 160 * 120)) {
            frames.append(blank)
        }
        return frames
    }

    private static func frame(_ modules: QRModules, size: Int, isTorn: Bool) -> GrayFrame? {
        let (width, height) = (240, 180)
        var pixels = [UInt8](repeating: 210, count: width * height)
        let side = modules.width * size
        let (left, top) = ((width - side) / 2, (height - side) / 2)
        guard left > 8, top > 8 else { return nil }
        for row in 0..<side {
            for column in 0..<side {
                let isGone = isTorn && column > side / 2
                if modules.isDark[row / size * modules.width + column / size], !isGone {
                    pixels[(top + row) * width + left + column] = 40
                }
            }
        }
        return GrayFrame(width: width, pixels: pixels)
    }

    /// Resident memory of a process, in KB, as the kernel counts it.
    private static func memory(_ process: Int32) -> Int {
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = (status ?? "").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
