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
}
