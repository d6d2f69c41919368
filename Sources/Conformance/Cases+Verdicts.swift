import Foundation
import SwiftProtobuf
import Sync

// The hub's word on single operations, and that none stands in another's way. PROTOCOL.md, "Push",
// the table of verdicts.

extension ConformanceCase {
    static var verdicts: [ConformanceCase] {
        [
            .init("verdict.unknown_kind", "a kind of a newer program waits") {
                try await $0.wait { $0.kind = 99 }
            },
            .init("verdict.unknown_entity", "a kind of entity that nobody knows waits") {
                try await $0.wait {
                    $0.entityKind = "conformance_thing"
                    $0.type = "conformance_thing.said"
                }
            },
            .init("verdict.unknown_type", "a word that the room does not know waits") {
                try await $0.wait { $0.type = "exception_report.sung" }
            },
            .init("verdict.unknown_format", "a layout of a newer program waits") {
                try await $0.wait { $0.format = 2 }
            },
            .init("verdict.unknown_field", "a field of a newer program comes down unharmed") {
                try await $0.keepUnknownField()
            },
            .init("verdict.conflict", "an edit beside another that its author did not know") {
                try await $0.conflict()
            },
            .init("verdict.replaced", "an edit that names what it replaces is no conflict") {
                try await $0.replace()
            },
            .init("verdict.rejected", "a move that is not possible is rejected") { stage in
                stage.startChain()
                let entity = stage.random(16)
                try stage.judge(try await stage.pushed(stage.made(stage.report(entity))), .accepted)
                let move = stage.move(entity, "exception_report.reopen")
                let item = try await stage.pushed(stage.made(move))
                try stage.judge(item, .rejected, "sync.move_not_possible")
            },
            .init("verdict.decision", "what only the hub decides is quarantined") {
                try await $0.setAside("sync.decision_by_terminal") {
                    $0.kind = 4
                    $0.type = "exception_report.routed"
                    $0.payload = Data()
                }
            },
            .init("verdict.acceptance", "nobody else ends the hub's groups") {
                try await $0.setAside {
                    $0.kind = 4
                    $0.entityKind = "sync"
                    $0.type = "sync.acceptance"
                    $0.payload = Data()
                }
            },
            .init("verdict.payload", "a payload that is not what its type says is quarantined") {
                try await $0.setAside { $0.payload = Data([0xFF, 0xFF, 0xFF]) }
            },
            .init("verdict.text", "an edit whose text is no UTF-8 is quarantined") {
                try await $0.setAside {
                    $0.kind = 2
                    $0.type = "exception_report.problem"
                    $0.payload = Data([0xC3, 0x28])
                }
            },
            .init("verdict.other_site", "a scope that the terminal does not share is quarantined") {
                try await $0.setAside("sync.scope_not_permitted") {
                    $0.site = "NOWHERE"
                    $0.area = "NOTHING"
                }
            },
            .init("verdict.gap", "what came before its predecessor waits, and takes its place") {
                try await $0.fillGap()
            },
            .init("verdict.foreign", "another replica's operation is quarantined") {
                try await $0.pushForeign()
            },
            .init("verdict.chain_broken", "a wrong link is quarantined") {
                try await $0.breakChain()
            },
            .init("verdict.fork", "another operation of the same name is quarantined") {
                try await $0.fork()
            },
            .init("verdict.after_all", "after all of that the hub still takes work") {
                try await $0.expectService()
            },
        ]
    }
}

extension Stage {
    /// An operation that waits; what comes behind it in the chain does not wait for it.
    fileprivate func wait(_ change: (inout WireOperation) -> Void) async throws {
        startChain()
        var operation = report()
        change(&operation)
        let batch = try [made(operation), made(report())]
        let items = try await push(batch).items
        try expect(items.count, is: 2, "the number of items")
        try judge(items[0], .waiting, "sync.unknown_kind")
        try judge(items[1], .accepted)
        try judge(try await push(batch).items[0], .waiting, "sync.unknown_kind", known: true)
    }

    /// An operation that is quarantined; what comes behind it in the chain does not wait for it.
    fileprivate func setAside(
        _ reasons: String...,
        change: (inout WireOperation) -> Void
    ) async throws {
        startChain()
        var operation = report()
        change(&operation)
        let items = try await push([made(operation), made(report())]).items
        try expect(items.count, is: 2, "the number of items")
        try expect(items[0].verdict, is: .quarantined, "the verdict")
        try expect(!items[0].reason.isEmpty, "no reason is given")
        try expect(
            reasons.isEmpty || reasons.contains(items[0].reason),
            "the reason is \(items[0].reason), expected \(reasons)"
        )
        try judge(items[1], .accepted)
    }

    fileprivate func keepUnknownField() async throws {
        startChain()
        let before = try await head()
        let bytes = ConformanceCase.newer(try made(report()))
        // The chain goes on from the bytes as they are sent.
        terminal.goOn(from: bytes)
        let next = try made(report())
        for item in try await push([bytes, next]).items { try judge(item, .accepted) }
        let page = try await pull(after: before)
        try expect(page.operations.contains(Data(bytes)), "the operation came down changed or not")
    }

    fileprivate func conflict() async throws {
        startChain()
        let entity = random(16)
        var late = problem(of: entity, "two")
        late.seen = 0
        let batch = try [made(report(entity)), made(problem(of: entity, "one")), made(late)]
        let items = try await push(batch).items
        try judge(items[1], .accepted)
        try judge(items[2], .conflict, "sync.conflict")
    }

    fileprivate func replace() async throws {
        startChain()
        let entity = random(16)
        let first = try [made(report(entity)), made(problem(of: entity, "one"))]
        for item in try await push(first).items { try judge(item, .accepted) }
        var edit = problem(of: entity, "two")
        edit.bases = [Data(operationID(terminal.sequence))]
        try judge(try await pushed(made(edit)), .accepted)
    }

    /// The id of an operation of the chain that has begun: replica, incarnation, sequence.
    private func operationID(_ sequence: UInt64) -> [UInt8] {
        func big(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }
        return terminal.id + big(terminal.incarnation) + big(sequence)
    }

    fileprivate func fillGap() async throws {
        startChain()
        let operations = try (0..<3).map { _ in try made(report()) }
        let ahead = try await push([operations[2]]).items[0]
        try expect(ahead.verdict, is: .waiting, "the verdict on what came too early")
        try expect(ahead.reason, is: "sync.predecessor_missing", "the reason")
        let items = try await push(operations).items
        try judge(items[0], .accepted)
        try judge(items[1], .accepted)
        try expect(items[2].verdict, is: .accepted, "the verdict on the third, once it may")
        for item in try await push(operations).items { try judge(item, .accepted, known: true) }
    }

    fileprivate func pushForeign() async throws {
        startChain()
        var other = Stranger(incarnation: number())
        var operation = report()
        let foreign = try other.chain(&operation)
        let items = try await push([foreign, made(report())]).items
        try expect(items[0].verdict, is: .quarantined, "the verdict on another's operation")
        try expect(items[0].reason, is: "sync.foreign_operation", "the reason")
        try judge(items[1], .accepted)
    }

    fileprivate func breakChain() async throws {
        startChain()
        let first = try made(report())
        try judge(try await pushed(first), .accepted)
        let good = terminal
        terminal.goOn(from: random(40))
        let bad = try await pushed(made(report()))
        try expect(bad.verdict, is: .quarantined, "the verdict on a wrong link")
        try expect(bad.reason, is: "sync.chain_broken", "the reason")
        terminal = good
    }

    fileprivate func fork() async throws {
        startChain()
        let before = terminal
        let one = try made(report(text: "one"))
        try judge(try await pushed(one), .accepted)
        let after = terminal
        terminal = before
        let other = try await pushed(made(report(text: "other")))
        try expect(other.verdict, is: .quarantined, "the verdict on a second of the same name")
        try expect(other.reason, is: "sync.fork", "the reason")
        terminal = after
        try judge(try await pushed(one), .accepted, known: true)
    }
}
