import Foundation
import SwiftProtobuf
import Sync

// The hub's order, and the state that it gives. PROTOCOL.md, "Down: following the hub's order".

extension ConformanceCase {
    static var pull: [ConformanceCase] {
        [
            .init("pull.order", "whole groups, without gaps, each ended by the hub's word") {
                try await $0.readOrder()
            },
            .init("pull.verbatim", "operations come down as they were sent, with their verdicts") {
                try await $0.readBack()
            },
            .init("pull.pages", "short pages give the same order as long ones") {
                try await $0.comparePages()
            },
            .init("pull.no_limit", "a limit of 0 still gives a page") {
                let page = try await $0.pull(after: 0, limit: 0)
                try expect(!page.operations.isEmpty, "the page is empty")
            },
            .init("pull.huge_limit", "a limit of four billion gives a page") {
                let page = try await $0.pull(after: 0, limit: .max)
                try expect(!page.operations.isEmpty, "the page is empty")
            },
            .init("pull.at_head", "at the head the page is empty and has the digest") { stage in
                let head = try await stage.head()
                let page = try await stage.pull(after: head)
                try expect(page.operations.count, is: 0, "the number of operations")
                try expect(page.digest.count, is: 16, "the length of `digest`")
                try expect(!page.reducer.isEmpty, "`reducer` is empty")
            },
            .init("pull.behind_head", "past the head there is nothing, and no harm") { stage in
                let page = try await stage.pull(after: .max >> 1)
                try expect(page.operations.count, is: 0, "the number of operations")
            },
            .init("pull.other_epoch", "another epoch gets no operations, and the hub's epoch") {
                let page = try await $0.pull(after: 0) { $0.epoch &+= 1 }
                try expect(page.operations.count, is: 0, "the number of operations")
                try expect(page.epoch, is: $0.enrolled.epoch, "`epoch`")
            },
            .init("pull.unknown_terminal", "a terminal that nobody enrolled is refused") {
                stage in
                try await stage.refusePull("sync.unknown_terminal") {
                    $0.replica = Data(stage.random(16))
                }
            },
            .init("pull.unproven", "who does not show that he is the terminal is refused") {
                try await $0.refuseUnproven()
            },
            .init("pull.other_scope", "a scope that the terminal does not share is refused") {
                try await $0.refusePull("sync.scope_not_permitted") { $0.scope = "NOWHERE/ALL" }
            },
            .init("pull.no_scope", "a scope that is none is refused") {
                try await $0.refusePull("sync.malformed") { $0.scope = "a/b/c" }
            },
            .init("pull.version", "a version that nobody speaks is refused") {
                try await $0.refusePull("sync.version") { $0.protocol = 2_000_000 }
            },
        ]
    }
}

extension Stage {
    /// The order from a place on, read by pages; each page is held against the rules.
    func order(after: UInt64 = 0, limit: UInt32 = 500) async throws -> [Data] {
        var reader = OrderReader(stage: self, position: after)
        while true {
            let page = try await pull(after: reader.position, limit: limit)
            try expect(page.scope, is: scope, "`scope`")
            try expect(page.after, is: reader.position, "`after`")
            if page.operations.isEmpty {
                try expect(page.head, is: reader.position, "`head` where nothing more comes")
                return reader.operations
            }
            try reader.read(page.operations)
            try expect(reader.position <= page.head, "the page goes beyond `head`")
        }
    }

    fileprivate func readOrder() async throws { _ = try await order() }

    fileprivate func readBack() async throws {
        startChain()
        let before = try await head()
        let batch = try [made(report()), made(report())]
        _ = try await push(batch)
        var reader = OrderReader(stage: self, position: before)
        try reader.read(try await pull(after: before).operations)
        for bytes in batch {
            try expect(reader.operations.contains(Data(bytes)), "an operation came down changed")
            try expect(reader.verdicts[Hash.short(bytes)] == .accepted, "its verdict is another")
        }
    }

    fileprivate func comparePages() async throws {
        // The last 300 places only: an old hub's order is long.
        let head = try await head()
        let start = try await groupStart(head > 300 ? head - 300 : 0)
        let long = try await order(after: start, limit: 1_000)
        for limit: UInt32 in [1, 7] {
            let short = try await order(after: start, limit: limit)
            try expect(
                Array(short.prefix(long.count)) == long,
                "pages of \(limit) give another order"
            )
        }
    }

    /// The first place at or after another where a group begins.
    private func groupStart(_ place: UInt64) async throws -> UInt64 {
        var reader = OrderReader(stage: self, position: 0)
        while reader.position < place {
            let page = try await pull(after: reader.position, limit: 500)
            try expect(!page.operations.isEmpty, "nothing comes after \(reader.position)")
            try reader.read(page.operations)
        }
        return reader.position
    }

    /// Nothing beside the request, nonsense, another key's word, and a good word on something else.
    fileprivate func refuseUnproven() async throws {
        let body: [UInt8] = try pullRequest(after: 0).serializedBytes()
        let other: [UInt8] = try pullRequest(after: 1).serializedBytes()
        let stranger = Stranger(incarnation: 1)
        let proofs = try [
            [], random(64), stranger.proof(of: body, to: "pull"),
            terminal.proof(of: other, to: "pull"), terminal.proof(of: body, to: "watch"),
        ]
        for proof in proofs {
            let reply = try await line.post("sync/v1/pull", body, proof: proof)
            try expectRefusal(reply, "sync.bad_signature")
        }
        let good = try terminal.proof(of: body, to: "pull")
        _ = try answer(
            WirePulled.self,
            try await line.post("sync/v1/pull", body, proof: good)
        )
    }

    fileprivate func refusePull(
        _ problem: String,
        _ change: (inout WirePull) -> Void
    ) async throws {
        var request = pullRequest(after: 0)
        change(&request)
        let reply = try await line.post("sync/v1/pull", request.serializedBytes())
        try expectRefusal(reply, problem)
    }
}

/// Reads the hub's order as PROTOCOL.md says it is.
struct OrderReader {
    private let hub: Data
    private(set) var position: UInt64
    private(set) var operations: [Data] = []
    /// By the hash of the operation.
    private(set) var verdicts: [[UInt8]: WireVerdict] = [:]

    init(stage: Stage, position: UInt64) {
        hub = stage.enrolled.hub
        self.position = position
    }

    /// Takes a page.
    mutating func read(_ page: [Data]) throws {
        var group: [[UInt8]] = []
        for bytes in page {
            operations.append(bytes)
            let operation = try WireOperation(serializedBytes: bytes)
            guard operation.type == "sync.acceptance", operation.replica == hub else {
                group.append(Hash.short(bytes))
                continue
            }
            let items = try WireAcceptance(serializedBytes: operation.payload).items
            for item in items {
                let hash = Array(item.hash)
                verdicts[hash] = item.verdict
                guard let index = group.firstIndex(of: hash) else {
                    try expect(
                        item.position <= position,
                        "the word on what is not there, at \(item.position)"
                    )
                    continue
                }
                try expect(index, is: 0, "the place of an operation in its group")
                group.remove(at: index)
                position += 1
                try expect(item.position, is: position, "an operation's `position`")
            }
            try expect(group.isEmpty, "a group's end has no word on \(group.count) of it")
            position += 1
        }
        try expect(group.isEmpty, "the page ends within a group")
    }
}
