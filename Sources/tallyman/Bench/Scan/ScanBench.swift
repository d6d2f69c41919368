import Foundation
import Imaging

/// Reads a folder of pictures by the ladder, and by libzbar and ZXing as they come, in one run.
struct ScanBench {
    let corpus: ScanCorpus
    /// The folder that the manifest's files are in.
    let folder: String

    struct Answer {
        /// By method, sets in order, then the total.
        var scores: [ScanScore] = []
        var rungs: [RungScore] = []
        /// Texts that should not have been read, and where.
        var wrong: [String] = []
    }

    /// What a rung of the ladder did over all pictures.
    struct RungScore: Encodable {
        let rung: String
        var runs = 0
        var gain = 0
        var milliseconds = 0.0

        var text: String {
            let each = milliseconds / Double(max(1, runs))
            let rate = Double(gain) / max(milliseconds, 0.001)
            return String(
                format: "rung %@: %d times, %.1f ms each, %d codes, %.4f a ms",
                rung,
                runs,
                each,
                gain,
                rate
            )
        }
    }

    private static let methods: [(method: ReadingMethod, name: String)] = [
        (.ladder, "tallyman"), (.plainZBar, "plain zbar"), (.plainZXing, "plain zxing"),
    ]

    func run() throws -> Answer {
        let client = ImagingWorkerClient()
        var answer = Answer()
        for (method, name) in Self.methods {
            var scores: [ScanSet: ScanScore] = [:]
            for picture in corpus.pictures {
                let reading = try read(picture, method, client)
                var score = scores[picture.set] ?? ScanScore(set: picture.set.name, method: name)
                let wrong = score.add(picture, reading)
                scores[picture.set] = score
                for text in wrong { answer.wrong.append("\(name), \(picture.file): \(text)") }
                if method == .ladder, let reading { Self.add(reading, to: &answer.rungs) }
            }
            var total = ScanScore(set: "total", method: name)
            for (_, score) in scores.sorted(by: { $0.key < $1.key }) {
                answer.scores.append(score)
                total.add(score)
            }
            answer.scores.append(total)
        }
        return answer
    }

    /// Nil when the child would not, or could not.
    private func read(
        _ picture: ScanCorpus.Picture,
        _ method: ReadingMethod,
        _ client: ImagingWorkerClient
    ) throws -> PictureReading? {
        let bytes = try FileBytes.read(folder + "/" + picture.file)
        let request = ReadingRequest(
            .file(bytes),
            symbologies: picture.symbologies,
            method: method
        )
        do {
            return try client.read(request)
        } catch {
            Talk.line("\(picture.file): \(Talk.reason(error))")
            return nil
        }
    }

    private static func add(_ reading: PictureReading, to rungs: inout [RungScore]) {
        for step in reading.steps {
            let index =
                rungs.firstIndex { $0.rung == step.name }
                ?? {
                    rungs.append(RungScore(rung: step.name))
                    return rungs.count - 1
                }()
            rungs[index].runs += 1
            rungs[index].gain += step.gain
            rungs[index].milliseconds += Double(step.microseconds) / 1000
        }
    }
}
