import Foundation
import SwiftProtobuf
import Sync

// Clocks that are wrong are no reason to refuse (promise 6); operations that are none, and batches
// that are not the terminal's, are. PROTOCOL.md, "What is hashed and signed" and "Push".

extension ConformanceCase {
    static var clocks: [ConformanceCase] {
        let times: [(String, Int64)] = [
            ("zero", 0), ("before_1970", -86_400_000), ("year_2400", 13_569_465_600_000),
            ("far", .max), ("far_past", .min),
        ]
        let walls = times.map { name, wall in
            ConformanceCase(
                "clock.wall_\(name)",
                "a wall clock at \(wall) ms is no reason to refuse"
            ) {
                try await $0.accept([{ $0.wallMilliseconds = wall }])
            }
        }
        return walls + [
            .init("clock.equal_stamps", "equal stamps are no reason to refuse") {
                try await $0.accept(
                    Array(repeating: { $0.stamp = 1_700_000_000_000 << 16 }, count: 3)
                )
            },
            .init("clock.stamp_back", "a stamp that went back is no reason to refuse") {
                try await $0.accept([{ $0.stamp = 2 << 60 }, { $0.stamp = 1 }])
            },
            .init("clock.stamp_full", "a stamp whose counter is full is no reason to refuse") {
                try await $0.accept([{ $0.stamp |= 0xFFFF }, { $0.stamp |= 0xFFFF }])
            },
            .init("clock.stamp_last", "the last stamp there is is no reason to refuse") {
                try await $0.accept([{ $0.stamp = .max }])
            },
            .init("clock.frozen", "a clock that stands still is no reason to refuse") {
                try await $0.accept(
                    Array(
                        repeating: {
                            $0.monotonicMilliseconds = 5; $0.boot = 9
                        },
                        count: 3
                    )
                )
            },
            .init("clock.seen_ahead", "having seen more than there is is no reason to refuse") {
                try await $0.accept([{ $0.seen = UInt64(Int64.max) }])
            },
        ]
    }

    static var flaws: [ConformanceCase] {
        let changes: [(String, (inout WireOperation) -> Void)] = [
            ("replica", { $0.replica.removeLast() }), ("entity", { $0.entity.append(1) }),
            ("format", { $0.format = 0 }), ("incarnation", { $0.incarnation = 0 }),
            ("sequence", { $0.sequence = 0 }), ("sequence_far", { $0.sequence = .max }),
            ("previous", { $0.previous = Data([1, 2, 3]) }), ("seen", { $0.seen = .max }),
            ("entity_kind", { $0.entityKind = "" }), ("type", { $0.type = "" }),
            ("decomposed", { $0.type = "exception_report.rai\u{301}sed" }),
            ("site", { $0.site = "A/B" }), ("area", { $0.area = "" }),
            ("bases", { $0.bases = [Data([1])] }),
        ]
        return changes.map { name, change in
            ConformanceCase("flaw.\(name)", "an operation with a flaw in \(name) is quarantined") {
                try await $0.setAsideFlaw(["sync.malformed_field"], change)
            }
        } + [
            .init("flaw.empty", "no bytes are no operation") {
                try await $0.setAside(bytes: [], "sync.malformed", "sync.malformed_field")
            },
            .init("flaw.garbage", "random bytes are no operation") {
                try await $0.setAside(bytes: [UInt8](repeating: 0xFF, count: 77), "sync.malformed")
            },
            .init("flaw.too_long", "an operation of over 1 MiB is quarantined") {
                let text = String(repeating: "x", count: 1 << 20)
                try await $0.setAsideFlaw(["sync.malformed_field"]) { $0.author = text }
            },
        ]
    }

    static var forgeries: [ConformanceCase] {
        let forgeries: [(String, String, (inout WirePush, Stage) throws -> Void)] = [
            ("no_signature", "no signature", { push, _ in push.signature = Data() }),
            ("zeros", "a signature of zeros", { push, _ in push.signature = Data(count: 64) }),
            ("short", "a signature that was cut", { push, _ in push.signature.removeLast() }),
            (
                "other_key", "a signature by another key",
                { push, _ in
                    let text = Stranger.pushText(
                        Array(push.replica),
                        push.epoch,
                        push.operations.map(Array.init)
                    )
                    push.signature = Data(try Stranger(incarnation: 1).signature(over: text))
                }
            ),
            ("dropped", "an operation taken away", { push, _ in push.operations.removeLast() }),
            (
                "added", "an operation put in",
                { push, _ in push.operations.append(push.operations[0]) }
            ),
            ("swapped", "operations in another order", { push, _ in push.operations.reverse() }),
            (
                "altered", "one bit altered",
                { push, _ in push.operations[1][push.operations[1].count - 1] ^= 1 }
            ),
            ("epoch", "another epoch", { push, _ in push.epoch &+= 1 }),
            (
                "replica", "another terminal's name",
                { push, stage in push.replica = Data(stage.random(16)) }
            ),
        ]
        return forgeries.map { name, about, forge in
            ConformanceCase("forgery.\(name)", "a batch with \(about) is refused whole") {
                try await $0.refuseForgery(forge)
            }
        } + limits
    }

    private static var limits: [ConformanceCase] {
        [
            .init("forgery.every_byte", "a batch with any one byte altered is refused whole") {
                try await $0.alterEveryByte()
            },
            .init("push.too_many", "501 operations are refused whole") { stage in
                stage.startChain()
                let before = try await stage.head()
                let batch = try (0..<501).map { _ in try stage.made(stage.report()) }
                let request = try stage.terminal.push(batch, epoch: stage.enrolled.epoch)
                let reply = try await stage.line.post("sync/v1/push", request.serializedBytes())
                try stage.expectRefusal(reply, "sync.too_many")
                try expect(try await stage.head(), is: before, "the head")
            },
            .init("push.no_version", "a batch without a version is refused whole") {
                try await $0.refusePush("sync.version") { $0.protocol = 0 }
            },
            .init("push.future_version", "a batch of a version that nobody speaks is refused") {
                try await $0.refusePush("sync.version") { $0.protocol = 77 }
            },
            .init("push.short_replica", "a terminal's id of 15 bytes is refused") {
                try await $0.refusePush("sync.malformed") { $0.replica.removeLast() }
            },
        ]
    }
}

extension Stage {
    fileprivate func accept(_ changes: [(inout WireOperation) -> Void]) async throws {
        startChain()
        let batch = try changes.map { change in
            var operation = report()
            change(&operation)
            return try made(operation)
        }
        for item in try await push(batch).items { try judge(item, .accepted) }
    }

    /// An operation that is none: it has no place in the chain, which goes on beside it.
    fileprivate func setAside(bytes: [UInt8], _ reasons: String...) async throws {
        try await setAside(bytes: bytes, among: reasons)
    }

    private func setAside(bytes: [UInt8], among reasons: [String]) async throws {
        let items = try await push([bytes, made(report())]).items
        try expect(items.count, is: 2, "the number of items")
        try expect(items[0].verdict, is: .quarantined, "the verdict")
        try expect(
            reasons.contains(items[0].reason),
            "the reason is \(items[0].reason), expected \(reasons)"
        )
        try judge(items[1], .accepted)
    }

    fileprivate func setAsideFlaw(
        _ reasons: [String],
        _ change: (inout WireOperation) -> Void
    ) async throws {
        startChain()
        let good = terminal
        var operation = try WireOperation(serializedBytes: made(report()))
        change(&operation)
        terminal = good
        try await setAside(bytes: operation.serializedBytes(), among: reasons)
    }

    private func twoOperations() throws -> WirePush {
        startChain()
        return try terminal.push([made(report()), made(report())], epoch: enrolled.epoch)
    }

    fileprivate func refuseForgery(
        _ forge: (inout WirePush, Stage) throws -> Void
    ) async throws {
        let good = try twoOperations()
        let before = try await head()
        var forged = good
        try forge(&forged, self)
        let reply = try await line.post("sync/v1/push", forged.serializedBytes())
        try expectRefusal(reply, "sync.bad_signature", "sync.unknown_terminal")
        try expect(try await head(), is: before, "the head after the forgery")
        for item in try await push(good).items { try judge(item, .accepted) }
    }

    fileprivate func refusePush(
        _ problem: String,
        _ change: (inout WirePush) -> Void
    ) async throws {
        var request = try twoOperations()
        let before = try await head()
        change(&request)
        let reply = try await line.post("sync/v1/push", request.serializedBytes())
        try expectRefusal(reply, problem)
        try expect(try await head(), is: before, "the head")
    }

    fileprivate func alterEveryByte() async throws {
        let good = try twoOperations()
        let whole: [UInt8] = try good.serializedBytes()
        let before = try await head()
        for index in whole.indices {
            var altered = whole
            altered[index] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            let reply = try await line.post("sync/v1/push", altered)
            do {
                try expectRefusal(reply)
            } catch {
                throw CaseFailure("byte \(index) of \(whole.count): \(error)")
            }
        }
        try expect(try await head(), is: before, "the head")
        for item in try await push(good).items { try judge(item, .accepted) }
    }
}
