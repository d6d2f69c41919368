import Foundation
import SwiftProtobuf
import Sync

// Every message of a batch, cut at every byte: as a body that is too short, and as a connection
// that breaks. Nothing may come of it. Promise 5.

extension ConformanceCase {
    static var cuts: [ConformanceCase] {
        [
            .init("cut.push", "a batch cut at every byte is refused whole") {
                try await $0.cutPush { stage, body, count in
                    let reply = try await stage.line.post("sync/v1/push", Array(body.prefix(count)))
                    try stage.expectRefusal(reply)
                }
            },
            .init("cut.push_connection", "a connection that breaks at every byte leaves nothing") {
                try await $0.cutPush { stage, body, count in
                    await stage.line.breakOff("sync/v1/push", body, after: count)
                }
            },
            .init("cut.pull", "a pull cut at every byte is answered or refused, and no harm") {
                try await $0.cut("sync/v1/pull", $0.pullRequest(after: 0).serializedBytes())
            },
            .init("cut.watch", "a watch cut at every byte is answered or refused, and no harm") {
                try await $0.cutWatch()
            },
            .init("cut.snapshot", "a snapshot's request cut at every byte, likewise") {
                try await $0.cutSnapshot()
            },
            .init("cut.after_all", "after all of that the hub still takes work") {
                try await $0.expectService()
            },
        ]
    }
}

extension Stage {
    fileprivate func cutPush(
        _ send: (Stage, [UInt8], Int) async throws -> Void
    ) async throws {
        startChain()
        let batch = try [made(report()), made(report())]
        let request = try terminal.push(batch, epoch: enrolled.epoch)
        let whole: [UInt8] = try request.serializedBytes()
        let before = try await head()
        for count in 0..<whole.count {
            do {
                try await send(self, whole, count)
            } catch {
                throw CaseFailure("the first \(count) of \(whole.count) bytes: \(error)")
            }
        }
        try expect(try await head(), is: before, "the head")
        for item in try await push(request).items { try judge(item, .accepted) }
    }

    fileprivate func cut(_ path: String, _ whole: [UInt8]) async throws {
        let before = try await head()
        for count in 0..<whole.count {
            let reply = try await line.post(path, Array(whole.prefix(count)))
            guard reply.status != 200 else {
                // What is left may be a smaller request.
                try expect(reply.mediaType, is: "application/x-protobuf", "the media type")
                continue
            }
            do {
                try expectRefusal(reply)
            } catch {
                throw CaseFailure("the first \(count) of \(whole.count) bytes: \(error)")
            }
        }
        try expect(try await head(), is: before, "the head")
    }

    fileprivate func cutWatch() async throws {
        var request = WireWatch()
        request.protocol = 1
        request.replica = Data(terminal.id)
        request.epoch = enrolled.epoch
        request.places = [.with { $0.scope = scope }]
        request.waitMilliseconds = 1
        try await cut("sync/v1/watch", request.serializedBytes())
    }

    fileprivate func cutSnapshot() async throws {
        var request = WireSnapshot()
        request.protocol = 1
        request.replica = Data(terminal.id)
        request.scope = scope
        try await cut("sync/v1/snapshot", request.serializedBytes())
    }
}
