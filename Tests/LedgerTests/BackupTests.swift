import Foundation
import GRDB
import PortSuites
import Sync
import Tally
import Testing

import Ledger

@Suite struct BackupTests {
    @Test func `a backup holds what was there, and can be restored`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let store = try fixture.open("hub")
            let file = fixture.path("hub.backup")
            let report = try store.backup(to: file)
            #expect(report.path == file)
            #expect(report.byteCount == (try fixture.size(of: "hub.backup")))
            #expect(report.scopes == (try store.verify(Workbench.reducer).scopes))
            let before = try store.read(PortAnswers.init)
            let folder = try DataFolder(fixture.path("restored"))
            #expect(try LedgerStore.restore(file, into: folder).scopes == report.scopes)
            let restored = try LedgerStore(folder)
            #expect(try restored.read(PortAnswers.init).difference(from: before) == nil)
            #expect(try restored.verify(Workbench.reducer).isSound)
            #expect(try restored.synchronous() == 2)
        }
    }

    @Test func `a backup is one file, for its owner alone`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            _ = try fixture.open("hub").backup(to: fixture.path("backups"))
            let names = try FileManager.default.contentsOfDirectory(atPath: fixture.root)
            #expect(names.filter { $0.hasPrefix("backups") } == ["backups"])
            let attributes = try FileManager.default.attributesOfItem(
                atPath: fixture.path("backups")
            )
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
    }

    @Test func `a backup made while others write is one state`() async throws {
        try await Fixture.with { fixture in
            let store = try fixture.open()
            let receipt = Workbench.receipt(1)
            let key = SettingKey("count")
            try await store.write { try $0.set(key, to: [0]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for count in 1...200 {
                        try await store.write {
                            try $0.set(key, to: [UInt8(count)])
                            try $0.setCell(.stage, of: receipt, to: [UInt8(count)])
                        }
                    }
                }
                for number in 0..<5 {
                    group.addTask { try await store.backup(to: fixture.path("backup-\(number)")) }
                }
                try await group.waitForAll()
            }
            for number in 0..<5 {
                let folder = try DataFolder(fixture.path("restored-\(number)"))
                try LedgerStore.restore(fixture.path("backup-\(number)"), into: folder)
                try await LedgerStore(folder).read { reading in
                    let count = try reading.setting(key)
                    let cell = try reading.cell(.stage, of: receipt)
                    #expect(cell == count || count == [0] && cell == nil)
                }
            }
        }
    }

    @Test func `a damaged store gets no new backup, and the old one stays`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let file = fixture.path("backup")
            try fixture.open("hub").backup(to: file)
            let before = try Data(contentsOf: URL(fileURLWithPath: file))
            try fixture.tamper("hub", "UPDATE cell SET value = x'00' WHERE key = x'03'")
            let error = #expect(throws: LedgerDifference.self) {
                try fixture.open("hub").backup(to: file)
            }
            #expect(error?.code == "ledger.digest_differs")
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
            #expect(!FileManager.default.fileExists(atPath: file + ".part"))
        }
    }

    @Test func `a restore does not touch a folder that has a database`() throws {
        try Fixture.with { fixture in
            try Plant.build(in: fixture)
            let file = fixture.path("backup")
            try fixture.open("hub").backup(to: file)
            let folder = try DataFolder(fixture.path("one"))
            #expect(throws: LedgerError.alreadyThere(folder.database)) {
                try LedgerStore.restore(file, into: folder)
            }
        }
    }

    @Test func `what is no backup is refused, and the folder stays empty`() throws {
        try Fixture.with { fixture in
            let file = fixture.path("backup")
            try Data(repeating: 0x5A, count: 9_000).write(to: URL(fileURLWithPath: file))
            let folder = try DataFolder(fixture.path("data"))
            for path in [file, fixture.path("nothing")] {
                let error = #expect(throws: LedgerError.self) {
                    try LedgerStore.restore(path, into: folder)
                }
                #expect(error?.code == "ledger.unreadable")
                #expect(error?.facts["path"] == path)
            }
            #expect(!FileManager.default.fileExists(atPath: folder.database))
        }
    }

    @Test func `a backup to a folder that is not there is refused`() throws {
        try Fixture.with { fixture in
            let store = try fixture.open()
            let error = #expect(throws: LedgerError.self) {
                try store.backup(to: fixture.path("nowhere/backup"))
            }
            #expect(error?.code == "ledger.failed")
        }
    }
}
