import Foundation
import Imaging
import Tally

/// How fast QR codes are made, all asked of the imaging process at once and each one by one, beside
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
        var single = Double.infinity
        var raw = Double.infinity
        for _ in 0..<3 {
            best = min(best, try Self.milliseconds { _ = try client.modules(of: contents) })
            single = min(
                single,
                try Self.milliseconds {
                    for content in contents { _ = try client.modules(of: content) }
                }
            )
            raw = min(raw, Double(try client.encodingTime(of: contents, level: .medium)) / 1e6)
        }
        let name = "\(Self.codeCount) codes of \(Self.byteCount) bytes"
        return [("", best), (", one by one", single)].map { way, time in
            BenchFigure(
                name: name + way,
                value: time,
                unit: "ms",
                rawName: "libqrencode alone",
                raw: raw,
                ratio: raw / time
            )
        }
    }

    private static func milliseconds(_ work: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try work()
        return start.duration(to: .now) / .milliseconds(1)
    }
}
