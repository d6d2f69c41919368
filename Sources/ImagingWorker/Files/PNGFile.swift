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
        let palette: [UInt8] = [255, 255, 255, 0, 0, 0]
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(side.partialValue)
        image.height = png_uint_32(side.partialValue)
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

    private static func message(_ image: png_image) -> String {
        withUnsafeBytes(of: image.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
