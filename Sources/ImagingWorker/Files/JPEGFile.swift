import CTurboJPEG
import Imaging

/// JPEG files through libjpeg-turbo.
enum JPEGFile {
    static func read(_ file: [UInt8]) throws(WorkerError) -> GrayPicture {
        guard let decoder = tjInitDecompress() else {
            throw WorkerError(.damaged, "no JPEG decoder")
        }
        defer { tjDestroy(decoder) }
        var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let count = UInt(file.count)
        guard
            tjDecompressHeader3(decoder, file, count, &width, &height, &sampling, &colours) == 0
        else { throw WorkerError(.damaged, message(decoder)) }
        try GrayPicture.check(width: Int(width), height: Int(height))
        let isPrint = [TJCS_CMYK, TJCS_YCCK].contains { Int32($0.rawValue) == colours }
        let format = Int32((isPrint ? TJPF_CMYK : TJPF_GRAY).rawValue)
        var pixels = [UInt8](
            repeating: 0,
            count: Int(width) * Int(height) * (isPrint ? 4 : 1)
        )
        let status = tjDecompress2(decoder, file, count, &pixels, width, 0, height, format, 0)
        if status != 0 { try refuseHalf(decoder) }
        return GrayPicture(
            width: Int(width),
            height: Int(height),
            pixels: isPrint ? gray(fromInks: pixels) : pixels
        )
    }

    /// How light four inks leave the paper; programs that write such files write 255 for no ink.
    private static func gray(fromInks inks: [UInt8]) -> [UInt8] {
        (0..<inks.count / 4).map { pixel in
            let at = pixel * 4
            let (red, green, blue) = (Int(inks[at]), Int(inks[at + 1]), Int(inks[at + 2]))
            let light = (299 * red + 587 * green + 114 * blue) / 1000
            return UInt8(light * Int(inks[at + 3]) / 255)
        }
    }

    /// Throws unless the decoder only warned.
    ///
    /// A warning leaves a whole picture behind, but for the one that fills up what the file lacks:
    /// half a picture is to be refused.
    static func refuseHalf(_ decoder: tjhandle) throws(WorkerError) {
        let reason = message(decoder)
        let isWarning = tjGetErrorCode(decoder) == Int32(TJERR_WARNING.rawValue)
        guard isWarning, !reason.lowercased().contains("premature end") else {
            throw WorkerError(.damaged, reason)
        }
    }

    static func message(_ decoder: tjhandle) -> String {
        tjGetErrorStr2(decoder).map { String(cString: $0) } ?? ""
    }
}
