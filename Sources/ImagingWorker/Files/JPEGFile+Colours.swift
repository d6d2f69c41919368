import CTurboJPEG
import Imaging

/// JPEG files in colour.
extension JPEGFile {
    /// Unpacks a picture, halved, quartered or at an eighth where that is still as large as needed.
    ///
    /// A file with more scans than cameras write is refused: each costs a pass over the picture.
    ///
    /// - Parameters:
    ///   - file: the content.
    ///   - side: how many pixels the longer side should have at least.
    /// - Returns: the picture.
    /// - Throws: why it is no whole picture.
    static func readColours(_ file: [UInt8], side: Int) throws(WorkerError) -> ColourPicture {
        guard let decoder = tjInitDecompress() else {
            throw WorkerError(.damaged, "no JPEG decoder")
        }
        defer { tjDestroy(decoder) }
        let file = ended(file)
        let count = UInt(file.count)
        let (width, height, _) = try header(decoder, file)
        let divisor = [8, 4, 2].first { Int(max(width, height)) / $0 >= side } ?? 1
        let columns = (Int(width) + divisor - 1) / divisor
        let rows = (Int(height) + divisor - 1) / divisor
        var pixels = [UInt8](repeating: 0, count: columns * rows * 3)
        let status = tjDecompress2(
            decoder,
            file,
            count,
            &pixels,
            Int32(columns),
            0,
            Int32(rows),
            Int32(TJPF_RGB.rawValue),
            TJFLAG_LIMITSCANS
        )
        if status != 0 { try refuseHalf(decoder) }
        return ColourPicture(width: columns, height: rows, pixels: pixels)
    }

    /// Packs a picture.
    static func write(_ picture: ColourPicture, quality: Int32) throws(WorkerError) -> [UInt8] {
        guard let encoder = tjInitCompress() else {
            throw WorkerError(.badRequest, "no JPEG encoder")
        }
        defer { tjDestroy(encoder) }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        defer { tjFree(bytes) }
        let status = tjCompress2(
            encoder,
            picture.pixels,
            Int32(picture.width),
            0,
            Int32(picture.height),
            Int32(TJPF_RGB.rawValue),
            &bytes,
            &count,
            Int32(TJSAMP_420.rawValue),
            quality,
            0
        )
        guard status == 0, let bytes else {
            throw WorkerError(.badRequest, message(encoder))
        }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}
