import Foundation
import SwiftProtobuf
import Sync

// What a terminal that keeps the rules may send. PROTOCOL.md, "Push" and "Operations".

extension ConformanceCase {
    static var push: [ConformanceCase] {
        [
            .init("push.nothing", "a batch of no operations is answered with no items") {
                try expect(try await $0.push([]).items.count, is: 0, "the number of items")
            },
            .init("push.one", "an operation is accepted and stored") { stage in
                stage.startChain()
                try stage.judge(try await stage.pushed(stage.made(stage.report())), .accepted)
            },
            .init("push.repeated", "the same request again changes nothing and says so") {
                try await $0.repeatPush()
            },
            .init("push.repeated_apart", "an operation in another batch is known there too") {
                try await $0.repeatInOtherBatches()
            },
            .init("push.together", "the same request eight times at once is taken once") {
                try await $0.pushTogether()
            },
            .init("push.overlapping", "batches that overlap, sent at once, take each once") {
                try await $0.pushOverlapping()
            },
            .init("push.twice_in_one", "an operation twice in one batch is taken once") { stage in
                stage.startChain()
                let operation = try stage.made(stage.report())
                let items = try await stage.push([operation, operation]).items
                try stage.judge(items[0], .accepted)
                try stage.judge(items[1], .accepted, known: true)
            },
            .init("push.chains", "after each start a chain goes on from the one before") {
                for _ in 0..<3 {
                    $0.startChain()
                    let batch = try [$0.made($0.report()), $0.made($0.report())]
                    for item in try await $0.push(batch).items { try $0.judge(item, .accepted) }
                }
            },
            .init("push.most", "500 operations fit one batch") { stage in
                stage.startChain()
                let batch = try (0..<500).map { _ in try stage.made(stage.report()) }
                let items = try await stage.push(batch).items
                try expect(items.count, is: 500, "the number of items")
                for item in items { try stage.judge(item, .accepted) }
            },
            .init("push.long_operation", "an operation of 900,000 bytes is taken") { stage in
                stage.startChain()
                let text = String(repeating: "长", count: 300_000)
                let item = try await stage.pushed(stage.made(stage.report(text: text)))
                try stage.judge(item, .accepted)
            },
            .init("push.unknown_request_field", "a field that a newer program sends is no harm") {
                stage in
                stage.startChain()
                let request = try stage.terminal.push(
                    [stage.made(stage.report())],
                    epoch: stage.enrolled.epoch
                )
                let newer = Self.newer(try request.serializedBytes())
                let reply = try await stage.line.post("sync/v1/push", newer)
                let items = try stage.answer(WirePushed.self, reply).items
                try expect(items.count, is: 1, "the number of items")
                try stage.judge(items[0], .accepted)
            },
            .init("push.other_epoch", "nothing is taken in another epoch, which the answer names") {
                try await $0.pushInOtherEpoch()
            },
        ]
    }

    /// A message with a field that nobody knows: number 1000, bytes.
    static func newer(_ message: [UInt8]) -> [UInt8] {
        var field = Canon()
        field.integer(1_000 << 3 | 2)
        field.text("newer")
        return message + field.bytes
    }
}

extension Stage {
    fileprivate func repeatPush() async throws {
        startChain()
        let batch = try [made(report()), made(report())]
        let request = try terminal.push(batch, epoch: enrolled.epoch)
        for item in try await push(request).items { try judge(item, .accepted) }
        let before = try await head()
        for _ in 0..<3 {
            for item in try await push(request).items { try judge(item, .accepted, known: true) }
        }
        try expect(try await head(), is: before, "the head after repeating")
    }

    fileprivate func repeatInOtherBatches() async throws {
        startChain()
        let operations = try (0..<3).map { _ in try made(report()) }
        _ = try await push(Array(operations[..<2]))
        let items = try await push(Array(operations[1...])).items
        try judge(items[0], .accepted, known: true)
        try judge(items[1], .accepted)
        for item in try await push(operations.reversed()).items {
            try judge(item, .accepted, known: true)
        }
    }

    fileprivate func pushTogether() async throws {
        startChain()
        let batch = try [made(report()), made(report())]
        let body: [UInt8] = try terminal.push(batch, epoch: enrolled.epoch).serializedBytes()
        let replies = try await post("sync/v1/push", Array(repeating: body, count: 8))
        let answers = try replies.map { try answer(WirePushed.self, $0) }
        for index in batch.indices {
            let fresh = answers.filter { !$0.items[index].known }
            try expect(fresh.count, is: 1, "how many answers say that operation \(index) is new")
            for each in answers {
                try expect(each.items[index].verdict, is: .accepted, "a verdict")
            }
        }
    }

    fileprivate func pushOverlapping() async throws {
        startChain()
        let operations = try (0..<40).map { _ in try made(report()) }
        let bodies = try stride(from: 10, through: 40, by: 10).map { count in
            try terminal.push(Array(operations.prefix(count)), epoch: enrolled.epoch)
                .serializedBytes() as [UInt8]
        }
        let answers = try await post("sync/v1/push", bodies)
            .map { try answer(WirePushed.self, $0) }
        for index in operations.indices {
            let words = answers.compactMap { $0.items.count > index ? $0.items[index] : nil }
            try expect(words.count { !$0.known }, is: 1, "how often operation \(index) was new")
            try expect(words.allSatisfy { $0.verdict == .accepted }, "operation \(index): \(words)")
        }
    }

    /// Sends bodies at once; the replies in the order of the bodies.
    func post(_ path: String, _ bodies: [[UInt8]]) async throws -> [Reply] {
        let line = line
        return try await withThrowingTaskGroup(of: (Int, Reply).self) { group in
            for (index, body) in bodies.enumerated() {
                group.addTask { (index, try await line.post(path, body)) }
            }
            var replies: [(Int, Reply)] = []
            for try await reply in group { replies.append(reply) }
            return replies.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    fileprivate func pushInOtherEpoch() async throws {
        startChain()
        let before = try await head()
        let operation = try made(report())
        for epoch in [0, 1, enrolled.epoch &+ 1, .max] where epoch != enrolled.epoch {
            let answer = try await push(terminal.push([operation], epoch: epoch))
            try expect(answer.items.count, is: 0, "the number of items in epoch \(epoch)")
            try expect(answer.epoch, is: enrolled.epoch, "the epoch that the answer names")
        }
        try expect(try await head(), is: before, "the head")
        try judge(try await pushed(operation), .accepted)
    }
}
