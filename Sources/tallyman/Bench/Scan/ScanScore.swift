import Foundation
import Imaging

/// How well the pictures of one set were read.
struct ScanScore: Encodable {
    let set: String
    let method: String
    /// Codes whose text is known.
    var codes = 0
    var exact = 0
    /// Texts that stand in none of the picture's codes.
    var wrong = 0
    var missed = 0
    /// Readings of pictures that hold no code.
    var falseReadings = 0
    /// Readings beyond the manifest, of pictures in which some code's text is not known.
    var beyond = 0
    /// Exact and all, for pictures of either half: whoever tuned on one may look at the other.
    var halves = [[0, 0], [0, 0]]
    private(set) var read = Times()
    private(set) var givenUp = Times()

    /// Processor times of pictures, in milliseconds.
    struct Times: Encodable {
        var pictures = 0
        var median = 0.0
        var p95 = 0.0
        var most = 0.0
        private var all: [Double] = []

        private enum CodingKeys: String, CodingKey { case pictures, median, p95, most }

        mutating func add(_ time: Double) {
            all.append(time)
            all.sort()
            pictures = all.count
            median = all[all.count / 2]
            p95 = all[min(all.count - 1, all.count * 95 / 100)]
            most = all[all.count - 1]
        }

        mutating func add(_ other: Times) { for time in other.all { add(time) } }

        var text: String {
            guard pictures > 0 else { return "-" }
            return String(format: "%.1f / %.1f / %.1f", median, p95, most)
        }
    }

    init(set: String, method: String) {
        self.set = set
        self.method = method
    }

    private enum CodingKeys: String, CodingKey {
        case set, method, codes, exact, wrong, missed, falseReadings, beyond, halves, read, givenUp
    }

    /// Line ends at the end of a text are nobody's content.
    static func trimmed(_ text: String) -> String {
        var scalars = Substring(text).unicodeScalars
        while let last = scalars.last, last == "\n" || last == "\r" { scalars.removeLast() }
        return String(scalars)
    }

    /// Counts one picture's reading.
    ///
    /// - Returns: texts that should not have been read.
    mutating func add(_ picture: ScanCorpus.Picture, _ reading: PictureReading?) -> [String] {
        var texts = (reading?.symbols ?? []).map { Self.trimmed($0.text.text) }
        let time = (reading?.processorTime ?? .zero) / .milliseconds(1)
        guard !picture.expected.isEmpty else {
            falseReadings += texts.count
            givenUp.add(time)
            return texts
        }
        var count = 0
        let known = picture.expected.compactMap { $0 }
        for text in known {
            guard let index = texts.firstIndex(of: text) else { continue }
            texts.remove(at: index)
            count += 1
        }
        codes += known.count
        exact += count
        missed += known.count - count
        let half = Self.half(of: picture.file)
        halves[half][0] += count
        halves[half][1] += known.count
        if reading?.symbols.isEmpty == false { read.add(time) } else { givenUp.add(time) }
        // A text that another code of the picture has is no invention.
        let invented = texts.filter { !known.contains($0) }
        guard known.count == picture.expected.count else {
            beyond += invented.count
            return []
        }
        wrong += invented.count
        return invented
    }

    /// Which half a picture is in, by its name alone (FNV-1a).
    private static func half(of file: String) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in file.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(hash >> 32 & 1)
    }

    mutating func add(_ other: ScanScore) {
        codes += other.codes
        exact += other.exact
        wrong += other.wrong
        missed += other.missed
        falseReadings += other.falseReadings
        beyond += other.beyond
        for half in 0...1 {
            for place in 0...1 { halves[half][place] += other.halves[half][place] }
        }
        read.add(other.read)
        givenUp.add(other.givenUp)
    }

    var text: String {
        var words = [
            "\(set), \(method): exact \(exact) of \(codes)", "wrong \(wrong)", "missed \(missed)",
        ]
        if falseReadings > 0 || codes == 0 { words.append("false \(falseReadings)") }
        if beyond > 0 { words.append("beyond the manifest \(beyond)") }
        words.append("halves " + halves.map { "\($0[0])/\($0[1])" }.joined(separator: " "))
        words.append("CPU ms median / p95 / most: read \(read.text), given up \(givenUp.text)")
        return words.joined(separator: "; ")
    }
}
