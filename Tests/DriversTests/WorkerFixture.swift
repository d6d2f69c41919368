import Foundation
import Imaging

/// The real child process, as the build put it beside the test bundle.
enum WorkerFixture {
    static let executable: String = {
        if ProcessInfo.processInfo.environment["TALLYMAN_IMAGING"] != nil {
            return ImagingWorkerClient.standardExecutable
        }
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        let root = bundle.range(of: ".xctest").map { String(bundle[..<$0.upperBound]) } ?? bundle
        let folder = URL(fileURLWithPath: root).deletingLastPathComponent()
        let beside = folder.appendingPathComponent("tallyman-imaging").path
        return FileManager.default.fileExists(atPath: beside)
            ? beside : ImagingWorkerClient.standardExecutable
    }()

    static let reader: @Sendable () -> ImagingWorkerClient = {
        ImagingWorkerClient(executable: executable, timeout: .seconds(20))
    }

    /// A QR code in 256 shades of gray.
    static func code(_ text: String, scale: Int = 4) throws -> (side: Int, gray: [UInt8]) {
        let modules = try reader().modules(of: QRContent(text: text))
        let side = (modules.width + 8) * scale
        var gray = [UInt8](repeating: 255, count: side * side)
        for row in 0..<side {
            for column in 0..<side {
                let (y, x) = (row / scale - 4, column / scale - 4)
                let isInside = (0..<modules.width).contains(y) && (0..<modules.width).contains(x)
                if isInside, modules.isDark[y * modules.width + x] { gray[row * side + column] = 0 }
            }
        }
        return (side, gray)
    }
}
