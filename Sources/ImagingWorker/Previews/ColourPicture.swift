import Imaging

/// A picture in red, green and blue, 3 bytes a pixel, row by row.
struct ColourPicture {
    let width: Int
    let height: Int
    var pixels: [UInt8]

    init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Reads a picture file by what its first bytes say that it is.
    ///
    /// - Parameters:
    ///   - file: the content of the file.
    ///   - side: how large it is needed; a JPEG is not unpacked much larger.
    /// - Throws: why it is no whole picture.
    init(file: [UInt8], side: Int) throws(WorkerError) {
        if file.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = try PNGFile.readColours(file)
        } else if file.starts(with: [0xFF, 0xD8]) {
            self = try JPEGFile.readColours(file, side: side)
        } else {
            let gray = try GrayPicture(file: file)
            self.init(
                width: gray.width,
                height: gray.height,
                pixels: gray.pixels.flatMap { [$0, $0, $0] }
            )
        }
    }

    /// The picture with its longer side brought down to `side`; as it is when it is smaller.
    ///
    /// Each pixel is the mean of the surface that it stands for, so that fine patterns turn gray
    /// and not into coarse ones.
    func shrunk(to side: Int) -> ColourPicture {
        let longer = max(width, height)
        guard longer > side else { return self }
        let columns = max(1, (width * side + longer / 2) / longer)
        let rows = max(1, (height * side + longer / 2) / longer)
        let across = Shares.all(from: width, to: columns)
        let down = Shares.all(from: height, to: rows)
        var result = [UInt8](repeating: 0, count: columns * rows * 3)
        var line = [Float](repeating: 0, count: columns * 3)
        for row in 0..<rows {
            for place in line.indices { line[place] = 0 }
            for (offset, weight) in down[row].weights.enumerated() {
                add(row: down[row].first + offset, weight, across, to: &line)
            }
            for place in line.indices {
                let value = line[place].rounded()
                result[row * columns * 3 + place] = UInt8(max(0, min(255, value)))
            }
        }
        return ColourPicture(width: columns, height: rows, pixels: result)
    }

    private func add(row: Int, _ weight: Float, _ across: [Shares], to line: inout [Float]) {
        let start = row * width * 3
        for (column, share) in across.enumerated() {
            var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
            var place = start + share.first * 3
            for part in share.weights {
                red += part * Float(pixels[place])
                green += part * Float(pixels[place + 1])
                blue += part * Float(pixels[place + 2])
                place += 3
            }
            line[column * 3] += weight * red
            line[column * 3 + 1] += weight * green
            line[column * 3 + 2] += weight * blue
        }
    }

    /// The picture turned and mirrored so that it stands as the camera saw it.
    func turned(_ orientation: Orientation) -> ColourPicture {
        let (columns, rows) = orientation.isSideways ? (height, width) : (width, height)
        var result = [UInt8](repeating: 0, count: pixels.count)
        for row in 0..<rows {
            for column in 0..<columns {
                let (x, y) = orientation.source(column, row, width: width, height: height)
                let (from, to) = ((y * width + x) * 3, (row * columns + column) * 3)
                for colour in 0..<3 { result[to + colour] = pixels[from + colour] }
            }
        }
        return ColourPicture(width: columns, height: rows, pixels: result)
    }
}

/// The part of a line of pixels that one pixel of a shorter line stands for.
struct Shares {
    let first: Int
    /// Of each pixel from the first on; they add up to 1.
    let weights: [Float]

    static func all(from: Int, to: Int) -> [Shares] {
        let step = Double(from) / Double(to)
        return (0..<to).map { index in
            let (start, end) = (Double(index) * step, Double(index + 1) * step)
            let first = min(Int(start), from - 1)
            let last = min(max(Int(end.rounded(.up)), first + 1), from)
            return Shares(
                first: first,
                weights: (first..<last).map { pixel in
                    let covered = min(end, Double(pixel + 1)) - max(start, Double(pixel))
                    return Float(max(covered, 0) / step)
                }
            )
        }
    }
}
