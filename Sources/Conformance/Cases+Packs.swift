import Foundation
import SwiftProtobuf
import Sync

// What repeats in a message may be left out. PROTOCOL.md, "Packs".

extension ConformanceCase {
    static var packs: [ConformanceCase] {
        [
            .init("packs.push", "a batch as a pack is the batch") { stage in
                try await stage.pushPacked { try StrangerPack.pack($0) }
            },
            .init("packs.plain", "a pack in which operations stand as they are is one too") {
                stage in
                try await stage.pushPacked { StrangerPack.plain($0) }
            },
            .init("packs.odd_clocks", "clocks and places far off come out of a pack as they are") {
                try await $0.pushOddPack()
            },
            .init("packs.pull", "a page as a pack is the page") { try await $0.pullPacked() },
            .init("packs.garbage", "what is no pack is refused whole") {
                try await $0.pushNoPacks()
            },
            .init("packs.too_many", "more than 500 operations are refused in a pack too") {
                stage in
                stage.startChain()
                let batch = try (0..<501).map { _ in try stage.made(stage.report()) }
                let reply = try await stage.post(batch, packed: try StrangerPack.pack(batch))
                try stage.expectRefusal(reply, "sync.too_many", "sync.malformed")
            },
            .init("packs.bomb", "a pack that would unpack to too much is refused") {
                try await $0.pushBomb()
            },
            .init("packs.cut", "a pack cut at every byte is refused whole") {
                try await $0.cutPack()
            },
        ]
    }
}

extension Stage {
    /// A push of this batch whose operations go as these bytes.
    fileprivate func post(_ batch: [[UInt8]], packed: [UInt8]) async throws -> Reply {
        var request = try terminal.push(batch, epoch: enrolled.epoch)
        request.operations = []
        request.packed = Data(packed)
        return try await line.post("sync/v1/push", request.serializedBytes())
    }

    fileprivate func pushPacked(_ pack: ([[UInt8]]) throws -> [UInt8]) async throws {
        startChain()
        let entity = random(16)
        var batch = try [made(report(entity)), made(problem(of: entity, "a"))]
        startChain()
        batch += try (0..<5).map { _ in try made(report()) }
        for isKnown in [false, true] {
            let items = try answer(WirePushed.self, try await post(batch, packed: pack(batch)))
                .items
            try expect(items.count, is: batch.count, "the number of items")
            for item in items { try judge(item, .accepted, known: isKnown) }
        }
        // Plain, they are the same operations.
        for item in try await push(batch).items { try judge(item, .accepted, known: true) }
    }

    fileprivate func pushOddPack() async throws {
        startChain()
        let changes: [(inout WireOperation) -> Void] = [
            { $0.wallMilliseconds = .max }, { $0.wallMilliseconds = .min }, { $0.stamp = .max },
            { $0.stamp = 1 }, { $0.boot = .max }, { $0.monotonicMilliseconds = .max },
            { $0.seen = UInt64(Int64.max) }, { $0.author = "" }, { $0.author = "张三" },
        ]
        let batch = try changes.map { change in
            var operation = report()
            change(&operation)
            return try made(operation)
        }
        let reply = try await post(batch, packed: try StrangerPack.pack(batch))
        for item in try answer(WirePushed.self, reply).items { try judge(item, .accepted) }
        for item in try await push(batch).items { try judge(item, .accepted, known: true) }
    }

    fileprivate func pullPacked() async throws {
        var after: UInt64 = 0
        for _ in 0..<20 {
            let plain = try await pull(after: after, limit: 100)
            let packed = try await pull(after: after, limit: 100) { $0.protocol = 2 }
            try expect(plain.packed.isEmpty, "a pack came that nobody asked for")
            guard !plain.operations.isEmpty else { return }
            let operations = try StrangerPack.operations(Array(packed.packed))
            let wanted = plain.operations.map { Array($0) }
            // Others may have gone on meanwhile: then the page is the longer one's beginning.
            try expect(
                operations.map { Array($0.prefix(wanted.count)) } == wanted,
                "the pack is not the page"
            )
            try expect(
                packed.packed.count < plain.operations.reduce(0) { $0 + $1.count },
                "the pack is longer than the page"
            )
            guard let last = try placed(plain).last else { return }
            after = last
        }
    }

    /// The places that a page's acceptances give, in order.
    private func placed(_ page: WirePulled) throws -> [UInt64] {
        try page.operations.flatMap { bytes -> [UInt64] in
            let operation = try WireOperation(serializedBytes: bytes)
            guard operation.type == "sync.acceptance", operation.kind == 4 else { return [] }
            return try WireAcceptance(serializedBytes: operation.payload).items.map(\.position)
        }
    }

    fileprivate func pushNoPacks() async throws {
        startChain()
        let batch = try [made(report()), made(report())]
        let pack = try StrangerPack.pack(batch)
        let before = try await head()
        let packs: [[UInt8]] = [
            [1], [0], [2] + pack.dropFirst(), pack + [0], random(200), [1, 0xFF, 0xFF, 0x7F],
            // A chain, an entity and bits that were never said.
            [1, 1, 1, 0, 0], [1, 1, 2, 1, 7, 0], [1, 1, 6, 32, 0, 0, 0, 0, 0, 0],
            [1, 1, 2, 0x80, 0x04, 0],
        ]
        for packed in packs {
            let reply = try await post(batch, packed: packed)
            try expectRefusal(reply, "sync.malformed", "sync.bad_signature")
        }
        try expect(try await head(), is: before, "the head after packs that are none")
        let items = try answer(WirePushed.self, try await post(batch, packed: pack)).items
        for item in items { try judge(item, .accepted) }
    }

    /// An author of 200,000 letters costs a pack's next operation one byte.
    fileprivate func pushBomb() async throws {
        startChain()
        let author = String(repeating: "x", count: 200_000)
        let batch = try (0..<200).map { _ in
            var operation = report()
            operation.author = author
            return try made(operation)
        }
        let before = try await head()
        let reply = try await post(batch, packed: try StrangerPack.pack(batch))
        try expectRefusal(reply, "sync.malformed")
        try expect(try await head(), is: before, "the head after a pack that is too much")
        try await expectService()
    }

    fileprivate func cutPack() async throws {
        startChain()
        let batch = try [made(report()), made(report())]
        let pack = try StrangerPack.pack(batch)
        let before = try await head()
        for count in 1..<pack.count {
            let reply = try await post(batch, packed: Array(pack.prefix(count)))
            try expectRefusal(reply, "sync.malformed", "sync.bad_signature")
        }
        try expect(try await head(), is: before, "the head after packs that were cut")
        let items = try answer(WirePushed.self, try await post(batch, packed: pack)).items
        for item in items { try judge(item, .accepted) }
    }
}
