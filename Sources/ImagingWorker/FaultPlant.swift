import Glibc
import Imaging

/// Faults on purpose, so that it can be shown that they cost one request.
///
/// Only a child whose environment has `TALLYMAN_IMAGING_PLANT` knows them; the client does not hand
/// that on by itself. They are asked for by "pictures" that hold a word.
enum FaultPlant {
    static let isAsked = getenv("TALLYMAN_IMAGING_PLANT") != nil

    static func strike(_ request: ImagingRequest) {
        let bytes: [UInt8]
        switch request {
        case .reading(let reading):
            guard case .file(let file) = reading.picture else { return }
            bytes = file
        case .preview(let preview): bytes = preview.file
        case .drawing: return
        }
        switch String(decoding: bytes.prefix(20), as: UTF8.self) {
        case "PLANT abort": abort()
        case "PLANT segfault": UnsafeMutablePointer<Int>(bitPattern: 16)?.pointee = 1
        case "PLANT bus": raise(SIGBUS)
        case "PLANT kill": kill(getpid(), SIGKILL)
        case "PLANT exit": exit(7)
        case "PLANT hang": while true { pause() }
        case "PLANT spin": while getppid() != 0 {}
        case "PLANT memory": devour()
        case "PLANT babble": _ = write(STDOUT_FILENO, [UInt8](repeating: 0xFF, count: 64), 64)
        default: break
        }
    }

    /// Takes memory until there is no more.
    private static func devour() {
        while true {
            let size = 16 << 20
            guard let block = malloc(size) else { abort() }
            memset(block, 1, size)
        }
    }
}
