import Imaging

/// Binary PGM and PPM files of 8 bits a sample, which cameras' tools write.
enum NetPBMFile {
    static func read(_ file: [UInt8]) throws(WorkerError) -> GrayPicture {
        let samples = file[1] == UInt8(ascii: "6") ? 3 : 1
        var offset = 2
        let width = try number(file, &offset)
        let height = try number(file, &offset)
        let white = try number(file, &offset)
        guard (1...255).contains(white) else {
            throw WorkerError(.unknownFormat, "more than 8 bits a sample")
        }
        try GrayPicture.check(width: width, height: height)
        offset += 1
        guard file.count - offset >= width * height * samples else {
            throw WorkerError(.damaged, "the file ends too early")
        }
        var pixels = [UInt8](repeating: 0, count: width * height)
        for index in pixels.indices {
            let start = offset + index * samples
            // Rec. 601 weights, in 256ths.
            let value =
                samples == 1
                ? Int(file[start])
                : (77 * Int(file[start]) + 150 * Int(file[start + 1]) + 29 * Int(file[start + 2]))
                    / 256
            pixels[index] = UInt8(min(255, value * 255 / white))
        }
        return GrayPicture(width: width, height: height, pixels: pixels)
    }

    /// The next number of the header, past white space and comments.
    private static func number(
        _ file: [UInt8],
        _ offset: inout Int
    ) throws(WorkerError) -> Int {
        while offset < file.count, !(48...57).contains(file[offset]) {
            if file[offset] == UInt8(ascii: "#") {
                while offset < file.count, file[offset] != 10 { offset += 1 }
            } else {
                guard [9, 10, 13, 32].contains(file[offset]) else { break }
                offset += 1
            }
        }
        let digits = file[offset...].prefix { (48...57).contains($0) }
        guard let value = Int(String(decoding: digits, as: UTF8.self)), digits.count < 7 else {
            throw WorkerError(.damaged, "bad header")
        }
        offset += digits.count
        return value
    }
}
