import Foundation

/// What went wrong with a file, in words that people know.
public enum FileWords {
    /// The words for an error that reading or writing a file threw.
    ///
    /// - Parameter error: Foundation's, which names the operation and not the trouble.
    /// - Returns: a part of a sentence, such as `there is no such file`.
    public static func words(_ error: any Error) -> String {
        let error = error as NSError
        let beneath = error.userInfo[NSUnderlyingErrorKey] as? NSError
        for error in [beneath, error] {
            guard let error else { continue }
            if error.domain == NSPOSIXErrorDomain { return words(number: Int32(error.code)) }
            if let number = numbers[error.code], error.domain == NSCocoaErrorDomain {
                return words(number: number)
            }
        }
        return "it cannot be read or written"
    }

    private static let numbers: [Int: Int32] = [
        CocoaError.Code.fileNoSuchFile.rawValue: ENOENT,
        CocoaError.Code.fileReadNoSuchFile.rawValue: ENOENT,
        CocoaError.Code.fileReadNoPermission.rawValue: EACCES,
        CocoaError.Code.fileWriteNoPermission.rawValue: EACCES,
        CocoaError.Code.fileWriteOutOfSpace.rawValue: ENOSPC,
        CocoaError.Code.fileWriteVolumeReadOnly.rawValue: EROFS,
        CocoaError.Code.fileReadTooLarge.rawValue: EFBIG,
    ]

    private static func words(number: Int32) -> String {
        switch number {
        case ENOENT, ENOTDIR: "there is no such file or folder"
        case EACCES, EPERM: "this user is not allowed to, or it is no ordinary file"
        case EISDIR: "it is a folder"
        case ENOSPC, EDQUOT: "the disk is full"
        case EROFS: "the disk is read-only"
        case EFBIG: "it is too large"
        case ENAMETOOLONG: "its name is too long"
        default: String(cString: strerror(number))
        }
    }
}
