import Imaging

/// One way of looking at a picture.
struct Rung: Hashable {
    /// Who looks.
    enum Reader: Hashable {
        /// Our own search for finder patterns, with how far a pixel's surroundings reach that it is
        /// compared with.
        case finders(radius: Int)
        /// The same, that also looks at what hardly seems to be a code.
        case doubtfulFinders(radius: Int)
        /// Matrix codes by ZXing.
        case zxing
        /// QR codes by libzbar.
        case zbar
        /// Codes of lines by libzbar, which looks at every so manieth row and column.
        case lines(density: Int)
    }

    /// What is done to the picture first.
    enum Preparation: Hashable {
        case none
        case inverted
        case blurred(radius: Int)
        case sharpened(radius: Int, quarters: Int)
        /// With a light border, for codes that reach the edge.
        case padded(border: Int)
        /// Black and white by the mean of the surroundings.
        case thresholded(radius: Int)
    }

    let reader: Reader
    /// The longer side is brought down to this.
    var side: Int
    /// And then made so many times as long.
    var enlarged = 1
    var preparation = Preparation.none
    /// For pictures whose longer side is in this range.
    var sizes = 1...Int.max

    /// Only while nothing was read.
    var isForNothing = false

    /// The rung as it comes out for a picture: rungs that come out the same see the same.
    func applied(longSide: Int) -> Rung? {
        guard sizes.contains(longSide) else { return nil }
        var rung = self
        rung.sizes = 1...Int.max
        rung.isForNothing = false
        if longSide * 9 <= side * 10 { rung.side = longSide }
        return rung
    }

    /// What benches call it.
    var name: String {
        var words: [String] =
            switch reader {
            case .finders(let radius): ["finders r\(radius)"]
            case .doubtfulFinders(let radius): ["doubtful finders r\(radius)"]
            case .zxing: ["zxing"]
            case .zbar: ["zbar"]
            case .lines(let density): ["lines 1/\(density)"]
            }
        words.append("\(side)" + (enlarged > 1 ? "x\(enlarged)" : ""))
        switch preparation {
        case .none: break
        case .inverted: words.append("inverted")
        case .blurred(let radius): words.append("blurred \(radius)")
        case .sharpened(let radius, _): words.append("sharpened \(radius)")
        case .padded: words.append("padded")
        case .thresholded(let radius): words.append("thresholded \(radius)")
        }
        return words.joined(separator: " ")
    }
}

extension Rung {
    /// The order of attempts: by what they gain a millisecond on photographs, as `bench scan`
    /// measures it.
    static let ladder: [Rung] = [
        Rung(reader: .zxing, side: 500),
        Rung(reader: .lines(density: 4), side: 1000),
        Rung(reader: .zxing, side: 1000, isForNothing: true),
        Rung(reader: .finders(radius: 16), side: 1000),
        Rung(reader: .zxing, side: 1000),
        Rung(reader: .zbar, side: 500, preparation: .thresholded(radius: 20)),
        Rung(reader: .finders(radius: 16), side: 1600),
        Rung(reader: .finders(radius: 30), side: 1600),
        Rung(reader: .zxing, side: 500, preparation: .inverted),
        Rung(reader: .zxing, side: 500, preparation: .padded(border: 24)),
        Rung(reader: .finders(radius: 8), side: 1000),
        Rung(reader: .zxing, side: 1000, preparation: .thresholded(radius: 20)),
        Rung(reader: .zxing, side: 500, enlarged: 2, sizes: 1...700),
        Rung(reader: .finders(radius: 24), side: 500, enlarged: 2, sizes: 1...700),
        Rung(reader: .finders(radius: 16), side: 800, preparation: .inverted),
        Rung(reader: .finders(radius: 24), side: 3200, sizes: 2000...Int.max),
        Rung(reader: .doubtfulFinders(radius: 12), side: 500),
        Rung(reader: .lines(density: 1), side: 1600),
        Rung(
            reader: .doubtfulFinders(radius: 16),
            side: 500,
            preparation: .sharpened(radius: 5, quarters: 12)
        ),
        Rung(reader: .zbar, side: 1000, preparation: .blurred(radius: 1)),
        Rung(reader: .zbar, side: 500, enlarged: 2, sizes: 1...500),
        Rung(reader: .zbar, side: 250, enlarged: 4, sizes: 1...250),
    ]
}
