import Foundation
import Imaging

/// The real child process, as the build put it beside the test bundle.
enum WorkerFixture {
    /// The child's program: where the environment says, else beside the bundle that runs.
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

    static func client(timeout: Duration = .seconds(20)) -> ImagingWorkerClient {
        ImagingWorkerClient(executable: executable, timeout: timeout)
    }

    /// A PGM file of a gray picture.
    static func pgm(width: Int, height: Int, _ pixels: [UInt8]) -> [UInt8] {
        Array("P5\n\(width) \(height)\n255\n".utf8) + pixels
    }

    /// A code's squares as a picture: dark and light shades, pixels a module, light border.
    static func picture(
        _ modules: QRModules,
        moduleSize: Int = 4,
        margin: Int = 4,
        dark: UInt8 = 0,
        light: UInt8 = 255
    ) -> [UInt8] {
        let side = (modules.width + 2 * margin) * moduleSize
        var pixels = [UInt8](repeating: light, count: side * side)
        for row in 0..<side {
            for column in 0..<side {
                let (y, x) = (row / moduleSize - margin, column / moduleSize - margin)
                let isInside = (0..<modules.width).contains(y) && (0..<modules.width).contains(x)
                if isInside, modules.isDark[y * modules.width + x] {
                    pixels[row * side + column] = dark
                }
            }
        }
        return pgm(width: side, height: side, pixels)
    }
}
