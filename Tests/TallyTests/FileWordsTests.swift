import Foundation
import Tally
import Testing

@Suite struct FileWordsTests {
    private func words(_ work: () throws -> Void) -> String? {
        do {
            try work()
            return nil
        } catch {
            return FileWords.words(error)
        }
    }

    @Test func `what went wrong with a file is said in words that people know`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // best effort
        let missing = folder.appending(path: "missing")
        #expect(words { _ = try Data(contentsOf: missing) } == "there is no such file or folder")
        let astray = missing.appending(path: "file")
        #expect(words { try Data().write(to: astray) } == "there is no such file or folder")
        let full = NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC))
        #expect(FileWords.words(full) == "the disk is full")
        let wrapped = NSError(
            domain: NSCocoaErrorDomain,
            code: 256,
            userInfo: [NSUnderlyingErrorKey: NSError(domain: NSPOSIXErrorDomain, code: Int(EISDIR))]
        )
        #expect(FileWords.words(wrapped) == "it is a folder")
        #expect(FileWords.words(CocoaError(.featureUnsupported)) == "it cannot be read or written")
    }
}
