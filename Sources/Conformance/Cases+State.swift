import Foundation
import SwiftProtobuf
import Sync

// Digests, searches, snapshots, and waiting for news. PROTOCOL.md, "Digest" to "Waking".

extension ConformanceCase {
    static var state: [ConformanceCase] {
        [
            .init("state.digest", "the digest is the sum over the cells, computed from the cells") {
                try await $0.sumDigest()
            },
            .init("state.long_range", "a range of three bytes is refused or left out") {
                try await $0.askForNonsense { $0.ranges = [Data([1, 2, 3])] }
            },
            .init("state.many_ranges", "10,000 ranges are refused, or answered in part") {
                try await $0.askForNonsense {
                    $0.ranges = (0..<10_000).map { Data([UInt8($0 >> 8 & 255), UInt8($0 & 255)]) }
                }
            },
            .init("state.no_entity", "an entity that is not there has no cells") { stage in
                try await stage.askForNonsense {
                    var name = WireEntityName()
                    name.kind = "exception_report"
                    name.entity = Data(stage.random(16))
                    $0.entities = [name]
                }
            },
            .init("snapshot.sound", "a snapshot's pieces are what the manifest says") {
                try await $0.readSnapshot()
            },
            .init("snapshot.unknown_terminal", "a terminal that nobody enrolled gets none") {
                stage in
                var request = stage.snapshotRequest
                request.replica = Data(stage.random(16))
                let reply = try await stage.line.post("sync/v1/snapshot", request.serializedBytes())
                try stage.expectRefusal(reply, "sync.unknown_terminal")
            },
            .init("snapshot.other_scope", "a scope that the terminal does not share is refused") {
                var request = $0.snapshotRequest
                request.scope = "NOWHERE/ALL"
                let reply = try await $0.line.post("sync/v1/snapshot", request.serializedBytes())
                try $0.expectRefusal(reply, "sync.scope_not_permitted")
            },
            .init("snapshot.unknown_piece", "a piece that no snapshot has is refused") { stage in
                var request = WirePiece()
                request.protocol = 1
                request.replica = Data(stage.terminal.id)
                request.scope = stage.scope
                request.hash = Data(stage.random(32))
                let reply = try await stage.line.post("sync/v1/piece", request.serializedBytes())
                try stage.expectRefusal(reply, "sync.no_snapshot")
            },
        ]
    }

    static var watch: [ConformanceCase] {
        [
            .init("watch.behind", "who is behind is answered at once") {
                let answer = try await $0.watch(after: 0, wait: 20_000)
                try expect(answer.changed, "`changed` is false")
            },
            .init("watch.quiet", "at the head the answer comes when the time is over") {
                try await $0.watchQuiet()
            },
            .init("watch.woken", "who waits is answered when something comes") {
                try await $0.watchWoken()
            },
            .init("watch.other_scope", "a scope that the terminal does not share is refused") {
                var request = $0.watchRequest(after: 0, wait: 10)
                request.places[0].scope = "NOWHERE/ALL"
                let reply = try await $0.line.post("sync/v1/watch", request.serializedBytes())
                try $0.expectRefusal(reply, "sync.scope_not_permitted")
            },
            .init("watch.unknown_terminal", "a terminal that nobody enrolled is refused") {
                stage in
                var request = stage.watchRequest(after: 0, wait: 10)
                request.replica = Data(stage.random(16))
                let reply = try await stage.line.post("sync/v1/watch", request.serializedBytes())
                try stage.expectRefusal(reply, "sync.unknown_terminal")
            },
        ]
    }
}

/// A number of 128 bits that wraps.
private struct Sum: Equatable {
    private(set) var bytes = [UInt8](repeating: 0, count: 16)

    mutating func add(_ other: some Collection<UInt8>) {
        var carry = 0
        for (index, byte) in zip(bytes.indices, other).reversed() {
            let sum = Int(bytes[index]) + Int(byte) + carry
            bytes[index] = UInt8(sum & 255)
            carry = sum >> 8
        }
    }
}

extension Stage {
    fileprivate func sumDigest() async throws {
        startChain()
        _ = try await push([made(report()), made(report())])
        let page = try await pull(after: head()) { $0.ranges = [Data()] }
        try expect(page.ranges.count, is: 1, "the number of ranges in the answer")
        let top = page.ranges[0].parts
        try expect(
            Self.sum(top.map(\.sum)) == Array(page.digest),
            "the parts do not sum up to `digest`"
        )
        // One way down: a range of one byte, one of two, its entities, and their cells.
        guard let first = top.first else { throw CaseFailure("a scope with reports has no cells") }
        let one = Data([UInt8(first.next)])
        let second = try await parts(of: one, sum: first.sum)
        guard let next = second.first else { throw CaseFailure("a part with a sum has no parts") }
        let two = one + Data([UInt8(next.next)])
        let entities = try await parts(of: two, sum: next.sum)
        for entity in entities {
            let answer = try await pull(after: head()) {
                var name = WireEntityName()
                name.kind = entity.kind
                name.entity = entity.entity
                $0.entities = [name]
            }
            try expect(answer.entities.count, is: 1, "the number of entities in the answer")
            let cells = answer.entities[0].cells
            try expect(
                Self.sum(cells.map { Self.hash($0, of: answer.entities[0]) }) == Array(entity.sum),
                "the cells of an entity do not sum up to its sum"
            )
        }
    }

    private func parts(
        of range: Data,
        sum: Data
    ) async throws -> [Tallyman_Sync_V1_StateRange.Part] {
        let page = try await pull(after: head()) { $0.ranges = [range] }
        try expect(page.ranges.map(\.range), is: [range], "the ranges in the answer")
        let parts = page.ranges[0].parts
        try expect(Self.sum(parts.map(\.sum)) == Array(sum), "the parts of a range do not sum up")
        return parts
    }

    private static func sum(_ parts: [Data]) -> [UInt8] {
        var sum = Sum()
        for part in parts { sum.add(part) }
        return sum.bytes
    }

    private static func hash(
        _ cell: Tallyman_Sync_V1_StateCell,
        of entity: Tallyman_Sync_V1_StateEntity
    ) -> Data {
        var text = Canon()
        text.text(entity.kind)
        text.data(entity.entity)
        text.data(cell.key)
        text.data(cell.value)
        return Data(Hash.short(text.bytes))
    }

    /// Asks at the head for what makes no sense: answered or refused, never a failure of the hub's.
    fileprivate func askForNonsense(_ change: (inout WirePull) -> Void) async throws {
        var request = pullRequest(after: try await head())
        change(&request)
        let reply = try await line.post("sync/v1/pull", request.serializedBytes())
        if reply.status == 200 {
            let page = try answer(WirePulled.self, reply)
            try expect(page.entities.allSatisfy(\.cells.isEmpty), "an entity that nobody made")
        } else {
            try expectRefusal(reply)
        }
    }

    fileprivate var snapshotRequest: WireSnapshot {
        var request = WireSnapshot()
        request.protocol = 1
        request.replica = Data(terminal.id)
        request.scope = scope
        return request
    }

    fileprivate func readSnapshot() async throws {
        let reply = try await line.post("sync/v1/snapshot", snapshotRequest.serializedBytes())
        guard reply.status == 200 else {
            // A hub makes one only where the order is long.
            return try expectRefusal(reply, "sync.no_snapshot")
        }
        let manifest = try answer(WireManifest.self, reply)
        try expect(manifest.scope, is: scope, "`scope`")
        try expect(manifest.epoch, is: enrolled.epoch, "`epoch`")
        try expect(manifest.position <= (try await head()), "`position` is beyond the head")
        try expect(manifest.digest.count, is: 16, "the length of `digest`")
        for piece in manifest.pieces {
            var request = WirePiece()
            request.protocol = 1
            request.replica = Data(terminal.id)
            request.scope = scope
            request.hash = piece.hash
            let reply = try await line.post("sync/v1/piece", request.serializedBytes())
            try expect(reply.status, is: 200, "the status of a piece")
            try expect(reply.body.count, is: Int(piece.packed), "the length of a piece")
            try expect(Hash.whole(reply.body), is: Array(piece.hash), "the hash of a piece")
        }
    }

    fileprivate func watchRequest(after: UInt64, wait: UInt32) -> WireWatch {
        var request = WireWatch()
        request.protocol = 1
        request.replica = Data(terminal.id)
        request.epoch = enrolled.epoch
        request.places = [
            .with {
                $0.scope = scope; $0.after = after
            }
        ]
        request.waitMilliseconds = wait
        return request
    }

    fileprivate func watch(after: UInt64, wait: UInt32) async throws -> WireWatched {
        let request = watchRequest(after: after, wait: wait)
        let reply = try await line.post("sync/v1/watch", request.serializedBytes())
        return try answer(WireWatched.self, reply)
    }

    /// The place from which nothing is new: a hub may still be deciding on what came before.
    private func quietHead() async throws -> UInt64 {
        for _ in 0..<50 {
            let head = try await head()
            if try await !watch(after: head, wait: 300).changed { return head }
        }
        throw CaseFailure("the hub always has news")
    }

    fileprivate func watchQuiet() async throws {
        let began = now()
        let answer = try await watch(after: quietHead(), wait: 300)
        try expect(!answer.changed, "`changed` is true where nothing came")
        try expect(now() - began >= 300, "the answer came before the time was over")
    }

    fileprivate func watchWoken() async throws {
        let body: [UInt8] = try await watchRequest(after: quietHead(), wait: 25_000)
            .serializedBytes()
        startChain()
        let push = try terminal.push([made(report())], epoch: enrolled.epoch)
        let began = now()
        let line = line
        async let waiting = line.post("sync/v1/watch", body)
        _ = try await self.push(push)
        let answer = try answer(WireWatched.self, try await waiting)
        try expect(answer.changed, "`changed` is false")
        try expect(now() - began < 20_000, "the answer came when the time was over")
    }
}
