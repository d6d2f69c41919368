/// How a camera was held, as its file says (EXIF 2.3, tag 0x0112): how the picture has to be turned
/// to stand upright.
struct Orientation {
    /// 2 to 8 of the standard's table.
    private let value: Int

    /// Reads it from a JPEG file; nil when the file does not say, or the picture stands upright.
    init?(jpeg file: [UInt8]) {
        guard let exif = Self.exif(in: file), let value = Self.value(in: exif),
            (2...8).contains(value)
        else { return nil }
        self.value = value
    }

    /// Width and height change places.
    var isSideways: Bool { value >= 5 }

    /// Where the pixel for a place of the upright picture is in the file's.
    func source(_ column: Int, _ row: Int, width: Int, height: Int) -> (x: Int, y: Int) {
        switch value {
        case 2: (width - 1 - column, row)
        case 3: (width - 1 - column, height - 1 - row)
        case 4: (column, height - 1 - row)
        case 5: (row, column)
        case 6: (row, height - 1 - column)
        case 7: (width - 1 - row, height - 1 - column)
        default: (width - 1 - row, column)
        }
    }

    /// The TIFF part of the first EXIF segment, among those before the picture itself.
    private static func exif(in file: [UInt8]) -> ArraySlice<UInt8>? {
        var offset = 2
        while offset + 4 <= file.count, file[offset] == 0xFF {
            let marker = file[offset + 1]
            if marker == 0xDA || marker == 0xD9 { return nil }
            let length = Int(file[offset + 2]) << 8 | Int(file[offset + 3])
            let end = offset + 2 + length
            guard length >= 2, end <= file.count else { return nil }
            let body = file[(offset + 4)..<end]
            if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
                return body.dropFirst(6)
            }
            offset = end
        }
        return nil
    }

    private static func value(in exif: ArraySlice<UInt8>) -> Int? {
        let isLittle: Bool
        if exif.starts(with: Array("II*\0".utf8)) {
            isLittle = true
        } else if exif.starts(with: Array("MM\0*".utf8)) {
            isLittle = false
        } else {
            return nil
        }
        func number(at offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset + count <= exif.count else { return nil }
            let bytes = exif[(exif.startIndex + offset)..<(exif.startIndex + offset + count)]
            return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) {
                $0 << 8 | Int($1)
            }
        }
        guard let directory = number(at: 4, 4), let count = number(at: directory, 2) else {
            return nil
        }
        for index in 0..<count {
            let entry = directory + 2 + index * 12
            guard let tag = number(at: entry, 2) else { return nil }
            // One number of two bytes.
            if tag == 0x0112, number(at: entry + 2, 2) == 3, number(at: entry + 4, 4) == 1 {
                return number(at: entry + 8, 2)
            }
        }
        return nil
    }
}
