import Foundation
import GRDB
import Ledger
import PortSuites
import Sync
import Tally
import Testing

@Suite struct RefusalTests {
    @Test func `a data folder has one owner at a time`() throws {
        try Fixture.with { fixture in
            let path = fixture.path("data")
            var owner: DataFolder? = try DataFolder(path)
            #expect(throws: LedgerError.folderInUse(path)) { try DataFolder(path) }
            #expect(owner?.database == path + "/tallyman.sqlite")
            owner = nil
            #expect(try DataFolder(path).path == path)
        }
    }

    @Test func `a data folder is its owner's alone`() throws {
        try Fixture.with { fixture in
            let folder = try DataFolder(fixture.path("deep/data"))
            for path in [folder.path, folder.blobs] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue
                #expect(mode == 0o700)
            }
        }
    }

    @Test func `a folder that cannot be is refused by name`() throws {
        try Fixture.with { fixture in
            let file = fixture.path("file")
            #expect(FileManager.default.createFile(atPath: file, contents: Data()))
            let error = #expect(throws: LedgerError.self) { try DataFolder(file + "/data") }
            #expect(error?.code == "ledger.folder_unusable")
            #expect(error?.facts["folder"] == file + "/data")
        }
    }

    @Test func `a newer database is refused and stays as it is`() throws {
        try Fixture.with { fixture in
            try fixture.open().close()
            try fixture.tamper("data", "PRAGMA user_version = 999")
            let path = fixture.path("data/tallyman.sqlite")
            let error = #expect(throws: LedgerError.self) { try fixture.open() }
            #expect(error == .newer(path, version: 999, known: Migration.known))
            let queue = try DatabaseQueue(path: path)
            let version = try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
            #expect(version == 999)
        }
    }

    @Test func `another program's database is refused`() throws {
        try Fixture.with { fixture in
            _ = try DataFolder(fixture.path("data"))
            try fixture.tamper("data", "CREATE TABLE song (title TEXT)")
            let error = #expect(throws: LedgerError.self) { try fixture.open() }
            #expect(error?.code == "ledger.unreadable")
        }
    }

    @Test(arguments: ["garbage", "cut", "overwritten"])
    func `a damaged file is refused by name`(_ damage: String) throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let path = fixture.path("one/tallyman.sqlite")
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            switch damage {
            case "garbage": bytes = Data(repeating: 0x5A, count: 20_000)
            case "cut": bytes.removeLast(bytes.count - 5_000)
            default: bytes.replaceSubrange(100..<4_096, with: Data(count: 3_996))
            }
            try bytes.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: LedgerError.self) { try fixture.open("one") }
            #expect(error?.code == "ledger.unreadable")
            #expect(error?.facts["path"] == path)
        }
    }

    @Test func `a row that is no operation is an unreadable database, not a crash`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            try fixture.tamper("one", "UPDATE operation SET bytes = x'FF' WHERE ordinal = 2")
            let store = try fixture.open("one")
            let error = #expect(throws: LedgerError.self) {
                try store.read { try $0.log(offset: 0, limit: 10) }
            }
            #expect(error?.code == "ledger.unreadable")
        }
    }

    @Test func `a place in the hub's order belongs to one operation`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            let drafts = [1, 2].map { Workbench.counted(Workbench.receipt($0)) }
            let operations = try Workbench.foreign(seed: 1, drafts)
            let error = #expect(throws: LedgerError.self) {
                try store.write { transaction in
                    for operation in operations {
                        let judgement = Workbench.judgement(1)
                        try transaction.append(
                            LoggedOperation(operation: operation, judgement: judgement)
                        )
                    }
                }
            }
            #expect(error?.code == "ledger.failed")
            #expect(try store.read { try $0.log(offset: 0, limit: 10) } == [])
        }
    }
}
