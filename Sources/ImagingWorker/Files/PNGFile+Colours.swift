import CPNG
import Imaging

/// PNG files in colour.
extension PNGFile {
    /// Reads a file; what is transparent becomes white, as on paper.
    static func readColours(_ file: [UInt8]) throws(WorkerError) -> ColourPicture {
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
            image.format = png_uint_32(PNG_FORMAT_RGB)
            pixels = [UInt8](repeating: 0, count: width * height * 3)
            var white = png_color(red: 255, green: 255, blue: 255)
            return png_image_finish_read(&image, &white, &pixels, 0, nil) != 0
        }
        guard isWhole else { throw WorkerError(.damaged, message(image)) }
        return ColourPicture(
            width: Int(image.width),
            height: Int(image.height),
            pixels: pixels
        )
    }
}
