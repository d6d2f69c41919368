import CPNG
import Imaging

/// PNG files through libpng's simplified interface, which comes back with an error code instead of
/// jumping.
enum PNGFile {
    /// Reads a file; what is transparent becomes white, as on paper.
    static func read(_ file: [UInt8]) throws(WorkerError) -> GrayPicture {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        var pixels: [UInt8] = []
        // libpng keeps the pointer between the two calls.
        let isWhole = try file.withUnsafeBufferPointer { (bytes) throws(WorkerError) in
            guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0
            else { return false }
            let (width, height) = (Int(image.width), Int(image.height))
            try GrayPicture.check(width: width, height: height)
            image.format = png_uint_32(PNG_FORMAT_GRAY)
            pixels = [UInt8](repeating: 0, count: width * height)
            var white = png_color(red: 255, green: 255, blue: 255)
            return png_image_finish_read(&image, &white, &pixels, 0, nil) != 0
        }
        guard isWhole else { throw WorkerError(.damaged, message(image)) }
        return GrayPicture(width: Int(image.width), height: Int(image.height), pixels: pixels)
    }

    /// Draws a code in black and white, one bit a pixel.
    static func write(
        _ modules: QRModules,
        moduleSize: Int,
        margin: Int
    ) throws(WorkerError) -> [UInt8] {
        let side = (modules.width + 2 * min(margin, ImagingLimits.sideMax))
            .multipliedReportingOverflow(by: max(1, moduleSize))
        guard !side.overflow, side.partialValue <= ImagingLimits.sideMax else {
            throw WorkerError(.tooLarge, "module size \(moduleSize), margin \(margin)")
        }
        let pixels = indices(modules, size: max(1, moduleSize), margin: margin)
        return try write(pixels, width: side.partialValue, height: side.partialValue)
    }

    /// A page in dots, with its size on paper.
    static func write(
        _ picture: DotPicture,
        resolution: Int
    ) throws(WorkerError) -> [UInt8] {
        var pixels = [UInt8](repeating: 0, count: picture.width * picture.height)
        for row in 0..<picture.height {
            for column in 0..<picture.width where picture.isBlack(column, row) {
                pixels[row * picture.width + column] = 1
            }
        }
        let file = try write(pixels, width: picture.width, height: picture.height)
        // Behind the signature (8 bytes) and IHDR (25 bytes).
        return file.prefix(33) + physicalSize(resolution) + file.dropFirst(33)
    }

    /// The chunk pHYs: dots a metre, across and down (https://www.w3.org/TR/png-3/#11pHYs).
    private static func physicalSize(_ resolution: Int) -> [UInt8] {
        let dots = UInt32((Double(resolution) / 0.0254).rounded())
        let body = Array("pHYs".utf8) + bigEndian(dots) + bigEndian(dots) + [1]
        return bigEndian(9) + body + bigEndian(check(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    /// CRC-32 as PNG counts it.
    private static func check(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    /// A picture of 0 for light and 1 for dark.
    private static func write(
        _ pixels: [UInt8],
        width: Int,
        height: Int
    ) throws(WorkerError) -> [UInt8] {
        let palette: [UInt8] = [255, 255, 255, 0, 0, 0]
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
        image.colormap_entries = 2
        defer { png_image_free(&image) }
        // Room for the worst case: stored uncompressed, a byte a pixel, and the file's frame.
        var count = pixels.count + pixels.count / 100 + 4096
        var file = [UInt8](repeating: 0, count: count)
        guard png_image_write_to_memory(&image, &file, &count, 0, pixels, 0, palette) != 0 else {
            throw WorkerError(.badRequest, message(image))
        }
        return Array(file.prefix(count))
    }

    /// The palette's index of each pixel: 0 light, 1 dark.
    private static func indices(_ modules: QRModules, size: Int, margin: Int) -> [UInt8] {
        let side = (modules.width + 2 * margin) * size
        var pixels = [UInt8](repeating: 0, count: side * side)
        for row in 0..<modules.width {
            let first = (row + margin) * size * side
            for column in 0..<modules.width where modules.isDark[row * modules.width + column] {
                let start = first + (column + margin) * size
                for offset in 0..<size { pixels[start + offset] = 1 }
            }
            for copy in 1..<max(2, size) where copy < size {
                for offset in 0..<side {
                    pixels[first + copy * side + offset] = pixels[first + offset]
                }
            }
        }
        return pixels
    }

    static func message(_ image: png_image) -> String {
        withUnsafeBytes(of: image.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
