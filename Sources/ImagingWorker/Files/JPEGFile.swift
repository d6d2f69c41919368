import CTurboJPEG
import Imaging

/// JPEG files through libjpeg-turbo.
enum JPEGFile {
    static func read(_ file: [UInt8]) throws(WorkerError) -> GrayPicture {
        guard let decoder = tjInitDecompress() else {
            throw WorkerError(.damaged, "no JPEG decoder")
        }
        defer { tjDestroy(decoder) }
        let file = ended(file)
        let count = UInt(file.count)
        let (width, height, colours) = try header(decoder, file)
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

    /// The file with its end mark, which some cameras leave out.
    ///
    /// Where more than the mark is missing the decoder meets it too early, and warns of that.
    static func ended(_ file: [UInt8]) -> [UInt8] {
        file.suffix(2) == [0xFF, 0xD9] ? file : file + [0xFF, 0xD9]
    }

    /// Reads width, height and how colours are kept.
    ///
    /// Any subsampling will do: the decoder's own call knows the usual ones only, and reports the
    /// others as an error when it has told the rest.
    static func header(
        _ decoder: tjhandle,
        _ file: [UInt8]
    ) throws(WorkerError) -> (width: Int32, height: Int32, colours: Int32) {
        var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, -1)
        let status = tjDecompressHeader3(
            decoder,
            file,
            UInt(file.count),
            &width,
            &height,
            &sampling,
            &colours
        )
        let isOddlySampled = sampling < 0 && width > 0 && height > 0 && colours >= 0
        guard status == 0 || isOddlySampled else {
            throw WorkerError(.damaged, message(decoder))
        }
        try GrayPicture.check(width: Int(width), height: Int(height))
        return (width, height, colours)
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
