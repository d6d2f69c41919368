import Foundation
import Imaging
import Tally

/// How fast QR codes are made, asked of the imaging process one by one as commands do, beside
/// libqrencode's own call in that process.
struct EncodeBench {
    private static let codeCount = 1_000
    private static let byteCount = 100

    func figures() throws -> [BenchFigure] {
        let client = ImagingWorkerClient(timeout: .seconds(60))
        var dice = SeededDice(seed: 1)
        let contents = (0..<Self.codeCount).map { _ in
            QRContent(
                bytes: (0..<Self.byteCount).map { _ in UInt8.random(in: 0...255, using: &dice) }
            )
        }
        // Started, and its pages touched.
        for content in contents.prefix(20) { _ = try client.modules(of: content) }
        var best = Double.infinity
        var raw = Double.infinity
        for _ in 0..<3 {
            let start = ContinuousClock.now
            for content in contents { _ = try client.modules(of: content) }
            best = min(best, start.duration(to: .now) / .milliseconds(1))
            raw = min(raw, Double(try client.encodingTime(of: contents, level: .medium)) / 1e6)
        }
        return [
            BenchFigure(
                name: "\(Self.codeCount) codes of \(Self.byteCount) bytes",
                value: best,
                unit: "ms",
                rawName: "libqrencode alone",
                raw: raw,
                ratio: raw / best
            )
        ]
    }
}
