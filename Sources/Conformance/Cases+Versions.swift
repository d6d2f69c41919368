import Foundation
import SwiftProtobuf
import Sync

extension ConformanceCase {
    /// Which version is spoken, and what version 2 says otherwise than version 1.
    static var versions: [ConformanceCase] {
        [
            .init("version.offered", "of the versions offered the hub names the newest it speaks") {
                for newest in [2, 3, .max] as [UInt32] {
                    let answer = try await $0.push(version: 1, newest: newest)
                    try expect(answer.protocol, is: 2, "`protocol`, offered up to \(newest)")
                }
            },
            .init("version.not_offered", "who offers nothing newer goes on as before") {
                for newest in [0, 1] as [UInt32] {
                    let answer = try await $0.push(version: 1, newest: newest)
                    try expect(answer.protocol, is: 1, "`protocol`, offered up to \(newest)")
                }
            },
            .init("version.pull", "a page names the version to go on with too") { stage in
                let page = try await stage.pull(after: 0) { $0.newest = 9 }
                try expect(page.protocol, is: 2, "`protocol`")
                let plain = try await stage.pull(after: 0)
                try expect(plain.protocol, is: 1, "`protocol` where nothing newer was offered")
                let newer = try await stage.pull(after: 0) { $0.protocol = 2 }
                try expect(newer.protocol, is: 2, "`protocol` in version 2")
                let operations = try StrangerPack.operations(Array(newer.packed))
                try expect(
                    operations == plain.operations.map { Array($0) },
                    "the page in version 2 is another"
                )
            },
            .init("version.full_answer", "in version 1 the answer has a word on each operation") {
                stage in
                stage.startChain()
                let operations = try [stage.made(stage.report()), stage.made(stage.report())]
                let answer = try await stage.push(operations, version: 1, newest: 2)
                try expect(!answer.hasCount, "`count` is there")
                try expect(answer.items.count, is: 2, "the number of items")
            },
            .init("version.sparse_answer", "in version 2 what is plainly accepted is not listed") {
                stage in
                stage.startChain()
                let operations = try [stage.made(stage.report()), stage.made(stage.report())]
                let answer = try await stage.push(operations, version: 2, newest: 2)
                try expect(answer.hasCount, "`count` is missing")
                try expect(answer.count, is: 2, "`count`")
                try expect(answer.items.count, is: 0, "the number of items")
            },
            .init("version.sparse_known", "in version 2 a known operation is listed as known") {
                try await $0.repeatInVersionTwo()
            },
            .init("version.sparse_mixed", "in version 2 a word says which operation it is about") {
                try await $0.mixInVersionTwo()
            },
            .init("version.mixed", "each request is answered in its own version") { stage in
                stage.startChain()
                let operation = try stage.made(stage.report())
                let first = try await stage.push([operation], version: 2, newest: 2)
                try expect(first.items.count, is: 0, "the number of items in version 2")
                let second = try await stage.push([operation], version: 1, newest: 2)
                try expect(second.items.count, is: 1, "the number of items in version 1")
                try stage.judge(second.items[0], .accepted, known: true)
            },
            .init("version.other_epoch", "in version 2 another epoch's operations get no words") {
                stage in
                let request = try stage.terminal.push([], epoch: stage.enrolled.epoch &+ 1)
                let answer = try await stage.push(stage.said(request, 2, 2))
                try expect(answer.hasCount && answer.count == 0, "`count` is \(answer.count)")
            },
            .init("version.refused", "a refusal says which versions the hub speaks") { stage in
                for version in [0, 77, .max] as [UInt32] {
                    let request = try stage.terminal.push([], epoch: stage.enrolled.epoch)
                    try await stage.expectVersions(
                        "sync/v1/push",
                        try stage.said(request, version, version).serializedBytes(),
                        version
                    )
                    var pull = stage.pullRequest(after: 0)
                    pull.protocol = version
                    try await stage.expectVersions(
                        "sync/v1/pull",
                        try pull.serializedBytes(),
                        version
                    )
                }
            },
            .init("version.scopes", "every answer names the scopes that the terminal shares") {
                try await $0.compareScopes()
            },
        ]
    }
}

extension Stage {
    fileprivate func said(_ request: WirePush, _ version: UInt32, _ newest: UInt32) -> WirePush {
        var request = request
        request.protocol = version
        request.newest = newest
        return request
    }

    fileprivate func push(
        _ operations: [[UInt8]] = [],
        version: UInt32,
        newest: UInt32
    ) async throws -> WirePushed {
        let request = try terminal.push(operations, epoch: enrolled.epoch)
        return try await push(said(request, version, newest))
    }

    fileprivate func repeatInVersionTwo() async throws {
        startChain()
        let operation = try made(report())
        _ = try await push([operation], version: 2, newest: 2)
        let answer = try await push([operation], version: 2, newest: 2)
        try expect(answer.count, is: 1, "`count`")
        try expect(answer.items.count, is: 1, "the number of items")
        try expect(answer.items[0].index, is: 0, "`index`")
        try judge(answer.items[0], .accepted, known: true)
    }

    fileprivate func mixInVersionTwo() async throws {
        startChain()
        let first = try made(report())
        let noise = random(40)
        let second = try made(report())
        let answer = try await push([first, noise, second], version: 2, newest: 2)
        try expect(answer.count, is: 3, "`count`")
        try expect(answer.items.map(\.index), is: [1], "which operations the words are about")
        try judge(answer.items[0], .quarantined)
    }

    fileprivate func expectVersions(
        _ path: String,
        _ body: [UInt8],
        _ version: UInt32
    ) async throws {
        let reply = try await line.post(path, body)
        try expectRefusal(reply, "sync.version")
        let facts = try WireProblem(serializedBytes: reply.body).facts
        try expect(facts["version"], is: String(version), "the fact `version`")
        try expect(facts["oldest"], is: "1", "the fact `oldest`")
        try expect(facts["spoken"], is: "2", "the fact `spoken`")
    }

    fileprivate func compareScopes() async throws {
        var text = Canon()
        let scopes = enrolled.scopes.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        text.integer(UInt64(scopes.count))
        for scope in scopes { text.text(scope) }
        let name = Hash.whole(text.bytes).prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        try expect(try await push(version: 1, newest: 0).scopes, is: name, "`scopes` of a push")
        try expect(try await pull(after: 0).scopes, is: name, "`scopes` of a page")
    }
}
