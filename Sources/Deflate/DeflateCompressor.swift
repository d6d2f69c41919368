import CZlib
import Tally

/// Why bytes could not be packed or unpacked.
public enum DeflateError: Error, Equatable, Sendable {
    /// The bytes are no deflate stream, or their check sum is wrong.
    case damaged
    /// The bytes end before the stream does.
    case cut
    /// The stream holds more than the caller's limit.
    case tooLarge(countMax: Int)
    /// Bytes follow the end of the stream.
    case leftOver(count: Int)
    /// zlib gave up with this code, for want of memory.
    case failed(Int32)
}

/// The compression port over zlib.
///
/// A stateless value: every call sets up its own stream, so it can be used from any thread.
public struct DeflateCompressor: Compressor {
    /// How the stream is wrapped.
    public enum Format: Sendable {
        /// RFC 1951, nothing around it: where the bytes are signed or hashed anyway.
        case raw
        /// RFC 1950: six bytes more, with a check sum that finds damage.
        case zlib
    }

    private let format: Format
    private let level: Int32
    private let memoryLevel: Int32

    /// Prepares a compressor.
    ///
    /// - Parameters:
    ///   - format: how the stream is wrapped.
    ///   - level: 1 (fast) to 9 (small).
    ///   - memoryLevel: 1 to 9: a block, which has a code of its own, ends after two to the power
    ///     of this and 6 symbols. Content that changes its kind on the way gets smaller with less.
    public init(format: Format = .zlib, level: Int = 6, memoryLevel: Int = 9) {
        precondition((1...9).contains(memoryLevel), "deflate memory levels are 1 to 9")
        precondition((1...9).contains(level), "deflate levels are 1 to 9")
        self.format = format
        self.level = Int32(level)
        self.memoryLevel = Int32(memoryLevel)
    }

    private var windowBits: Int32 { format == .raw ? -MAX_WBITS : MAX_WBITS }

    /// Packs the bytes.
    ///
    /// - Throws: ``DeflateError/failed(_:)`` when there is no memory for it.
    public func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        var stream = z_stream()
        let opened = deflateInit2_(
            &stream,
            level,
            Z_DEFLATED,
            windowBits,
            memoryLevel,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard opened == Z_OK else { throw DeflateError.failed(opened) }
        defer { deflateEnd(&stream) }
        let countMax = Int(deflateBound(&stream, uLong(bytes.count)))
        var input = bytes
        var status = Z_OK
        let packed = input.withUnsafeMutableBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: countMax) { target, count in
                stream.next_in = source.baseAddress
                stream.avail_in = uInt(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = uInt(countMax)
                status = deflate(&stream, Z_FINISH)
                count = countMax - Int(stream.avail_out)
            }
        }
        guard status == Z_STREAM_END else { throw DeflateError.failed(status) }
        return packed
    }

    /// Gives the bytes back; see ``Compressor/decompress(_:countMax:)``.
    public func decompress(_ bytes: [UInt8], countMax: Int) throws -> [UInt8] {
        var stream = z_stream()
        let opened = inflateInit2_(
            &stream,
            windowBits,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard opened == Z_OK else { throw DeflateError.failed(opened) }
        defer { inflateEnd(&stream) }
        var input = bytes
        return try input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = uInt(source.count)
            return try Self.unpack(&stream, countMax: countMax)
        }
    }

    /// Runs the stream to its end, in steps, so that a small input never asks for a large buffer
    /// before it has shown that it fills it.
    private static func unpack(_ stream: inout z_stream, countMax: Int) throws -> [UInt8] {
        var unpacked: [UInt8] = []
        var status = Z_OK
        while status != Z_STREAM_END {
            // One byte more than allowed, so that "too large" is told from "just fits".
            let step = min(16_384, countMax - unpacked.count + 1)
            guard step > 0 else { throw DeflateError.tooLarge(countMax: countMax) }
            let part = [UInt8](unsafeUninitializedCapacity: step) { target, count in
                stream.next_out = target.baseAddress
                stream.avail_out = uInt(step)
                status = inflate(&stream, Z_NO_FLUSH)
                count = step - Int(stream.avail_out)
            }
            unpacked += part
            guard unpacked.count <= countMax else {
                throw DeflateError.tooLarge(countMax: countMax)
            }
            switch status {
            case Z_STREAM_END: break
            case Z_OK where stream.avail_in == 0 && part.count < step: throw DeflateError.cut
            case Z_OK: break
            case Z_BUF_ERROR: throw DeflateError.cut
            case Z_MEM_ERROR: throw DeflateError.failed(status)
            default: throw DeflateError.damaged
            }
        }
        guard stream.avail_in == 0 else {
            throw DeflateError.leftOver(count: Int(stream.avail_in))
        }
        return unpacked
    }
}
