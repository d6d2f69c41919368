import Imaging

/// A picture in 256 shades of gray, 0 black, row by row.
struct GrayPicture {
    let width: Int
    let height: Int
    var pixels: [UInt8]

    /// Reads a picture file by what its first bytes say that it is.
    init(file: [UInt8]) throws(WorkerError) {
        if file.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = try PNGFile.read(file)
        } else if file.starts(with: [0xFF, 0xD8]) {
            self = try JPEGFile.read(file)
        } else if file.starts(with: Array("P5".utf8)) || file.starts(with: Array("P6".utf8)) {
            self = try NetPBMFile.read(file)
        } else {
            throw WorkerError(.unknownFormat, "not PNG, JPEG, PGM or PPM")
        }
    }

    init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Refuses a size that a file claims before memory is taken for it.
    static func check(width: Int, height: Int) throws(WorkerError) {
        guard width > 0, height > 0 else { throw WorkerError(.damaged, "no pixels") }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= ImagingLimits.pixelsMax else {
            throw WorkerError(.tooLarge, "\(width) x \(height) pixels")
        }
    }

    var pixelCount: Int { width * height }

    var inverted: GrayPicture {
        GrayPicture(width: width, height: height, pixels: pixels.map { 255 - $0 })
    }

    /// Half as wide and high, each pixel the mean of four.
    var halved: GrayPicture {
        let (newWidth, newHeight) = (width / 2, height / 2)
        var halved = [UInt8](repeating: 0, count: newWidth * newHeight)
        for row in 0..<newHeight {
            let (upper, lower) = (2 * row * width, (2 * row + 1) * width)
            for column in 0..<newWidth {
                let left = 2 * column
                let sum =
                    Int(pixels[upper + left]) + Int(pixels[upper + left + 1])
                    + Int(pixels[lower + left]) + Int(pixels[lower + left + 1])
                halved[row * newWidth + column] = UInt8(sum / 4)
            }
        }
        return GrayPicture(width: newWidth, height: newHeight, pixels: halved)
    }

    /// Twice as wide and high, the new pixels being means of their neighbours.
    var doubled: GrayPicture {
        let (newWidth, newHeight) = (2 * width, 2 * height)
        var doubled = [UInt8](repeating: 0, count: newWidth * newHeight)
        for row in 0..<newHeight {
            let upper = row / 2 * width
            let lower = min(row / 2 + row % 2, height - 1) * width
            for column in 0..<newWidth {
                let left = column / 2
                let right = min(left + column % 2, width - 1)
                let sum =
                    Int(pixels[upper + left]) + Int(pixels[upper + right])
                    + Int(pixels[lower + left]) + Int(pixels[lower + right])
                doubled[row * newWidth + column] = UInt8(sum / 4)
            }
        }
        return GrayPicture(width: newWidth, height: newHeight, pixels: doubled)
    }

    /// With a white border of `margin` pixels, for codes that reach the picture's edge.
    func padded(by margin: Int) -> GrayPicture {
        let newWidth = width + 2 * margin
        let band = [UInt8](repeating: 255, count: newWidth * margin)
        let side = [UInt8](repeating: 255, count: margin)
        var padded = band
        padded.reserveCapacity(newWidth * (height + 2 * margin))
        for row in 0..<height {
            padded += side
            padded += pixels[(row * width)..<((row + 1) * width)]
            padded += side
        }
        padded += band
        return GrayPicture(width: newWidth, height: height + 2 * margin, pixels: padded)
    }
}
