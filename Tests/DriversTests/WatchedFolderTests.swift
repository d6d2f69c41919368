import Drivers
import Foundation
import Glibc
import Imaging
import Tally
import Testing

/// Folders in which other programs leave pictures and lists.
@Suite struct WatchedFolderTests {
    private static func terminal(_ path: String, _ more: String = "") throws -> TerminalProfile {
        try Carried.terminal(
            "devices:\n  - name: drop\n    profile: uvc-camera\n    port: folder:\(path)\n\(more)"
        )
    }

    private static func picture(_ text: String) throws -> [UInt8] {
        let (side, gray) = try WorkerFixture.code(text)
        return Array("P5\n\(side) \(side)\n255\n".utf8) + gray
    }

    @Test func `pictures and lists are taken once and moved, whatever is in them`() throws {
        try Carried.withFolder { folder in
            let ear = Ear()
            try Data(try Self.picture("EARLIER")).write(to: URL(filePath: folder + "/a.pgm"))
            try withDevices(try Self.terminal(folder), ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                try Data(try Self.picture("LATER")).write(to: URL(filePath: folder + "/b.pgm"))
                try Data("ONE\nTWO\r\n收货\n".utf8).write(to: URL(filePath: folder + "/c.txt"))
                try Data("no picture".utf8).write(to: URL(filePath: folder + "/d.png"))
                try Data("x".utf8).write(to: URL(filePath: folder + "/notes.doc"))
                #expect(Ear.wait { ear.scans().count == 5 })
                #expect(Set(ear.scans()) == ["EARLIER", "LATER", "ONE", "TWO", "收货"])
                #expect(Ear.wait { ear.losses == ["unreadable 1"] })
                #expect(try Carried.names(in: folder + "/done") == ["a.pgm", "b.pgm", "c.txt"])
                #expect(try Carried.names(in: folder + "/failed") == ["d.png"])
                #expect(try Carried.names(in: folder) == ["done", "failed", "notes.doc"])
                // The same name again is another file.
                try Data("THREE\n".utf8).write(to: URL(filePath: folder + "/c.txt"))
                #expect(Ear.wait { ear.scans().last == "THREE" })
                #expect(try Carried.names(in: folder + "/done").count == 4)
            }
            try withDevices(try Self.terminal(folder), ear) { _ in usleep(300_000) }
            #expect(ear.scans().count == 6, "nothing is taken again after a start")
        }
    }

    @Test func `a file that is still being written is not taken`() throws {
        try Carried.withFolder { folder in
            let ear = Ear()
            try withDevices(try Self.terminal(folder), ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                let content = try Self.picture("SLOW")
                let file = open(folder + "/slow.pgm", O_CREAT | O_WRONLY, 0o600)
                for start in stride(from: 0, to: content.count, by: 1 + content.count / 6) {
                    let part = Array(
                        content[start..<min(content.count, start + 1 + content.count / 6)]
                    )
                    _ = write(file, part, part.count)
                    usleep(500_000)
                    #expect(ear.scans().isEmpty && ear.losses.isEmpty)
                }
                close(file)
                #expect(Ear.wait { ear.scans() == ["SLOW"] })
            }
        }
    }

    @Test func `many files at once wait for their turn, and none is lost`() throws {
        try Carried.withFolder { folder in
            let ear = Ear()
            try withDevices(try Self.terminal(folder), ear) { rack in
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                for number in 0..<30 {
                    try Data("N-\(number)\n".utf8)
                        .write(to: URL(filePath: folder + "/\(1000 + number).txt"))
                }
                #expect(Ear.wait { ear.scans().count == 30 })
                #expect(Set(ear.scans()).count == 30)
                #expect(ear.losses.isEmpty)
            }
        }
    }

    @Test func `a folder that is not there is waited for, and one that goes is told`() throws {
        try Carried.withFolder { folder in
            let path = folder + "/drop"
            let ear = Ear()
            try withDevices(try Self.terminal(path), ear) { rack in
                #expect(Ear.wait { rack.statuses[0].fault?.code.text == "devices.not_there" })
                #expect(mkdir(path, 0o700) == 0)
                #expect(Ear.wait { rack.statuses[0].state == .ready })
                try FileManager.default.removeItem(atPath: path)
                #expect(Ear.wait { ear.states(of: "drop").contains("waiting devices.gone") })
            }
        }
    }
}
