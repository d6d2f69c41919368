import Foundation
import SwiftProtobuf
import Sync

// What does not need a terminal, and how one is enrolled. PROTOCOL.md, "The door".

extension ConformanceCase {
    static var transport: [ConformanceCase] {
        [
            .init("transport.wrong_method", "GET is refused where POST belongs") {
                let reply = try await $0.line.get("sync/v1/push")
                try expect((400..<500).contains(reply.status), "status \(reply.status)")
            },
            .init("transport.unknown_path", "an unknown path is refused") {
                let reply = try await $0.line.post("sync/v1/nothing", [])
                try expect((400..<500).contains(reply.status), "status \(reply.status)")
            },
            .init("transport.empty", "an empty body is refused on every path") {
                try await $0.refuseEverywhere([])
            },
            .init("transport.garbage", "random bytes are refused on every path") { stage in
                for length in [1, 2, 7, 64, 5_000] {
                    try await stage.refuseEverywhere(stage.random(length))
                }
            },
            .init("transport.text", "JSON is refused on every path") {
                try await $0.refuseEverywhere(Array(#"{"protocol":1}"#.utf8))
            },
            .init("transport.too_long", "a body of 65 MiB is refused, and the hub lives on") {
                try await $0.refuseGiant()
            },
        ]
    }

    static var enrolment: [ConformanceCase] {
        [
            .init("enroll.no_version", "a request without a version is refused") {
                try await $0.refuseEnrolment("sync.version") { $0.protocol = 0 }
            },
            .init("enroll.future_version", "a version that nobody speaks is refused") {
                try await $0.refuseEnrolment("sync.version") { $0.protocol = 4_000_000_000 }
            },
            .init("enroll.unknown_code", "a code that was never given out is refused") {
                try await $0.refuseEnrolment("sync.enrolment_code") { $0.code = "0123456789ABCDEF" }
            },
            .init("enroll.no_code", "no code is refused") {
                try await $0.refuseEnrolment("sync.enrolment_code") { $0.code = "" }
            },
            .init("enroll.long_code", "a code of 100,000 letters is refused") {
                try await $0.refuseEnrolment("sync.enrolment_code") {
                    $0.code = String(repeating: "A", count: 100_000)
                }
            },
            .init("enroll.short_key", "a public key of 31 bytes is refused") {
                try await $0.refuseEnrolment("sync.public_key") { $0.publicKey.removeLast() }
            },
            .init("enroll.long_key", "a public key of 33 bytes is refused") {
                try await $0.refuseEnrolment("sync.public_key") { $0.publicKey.append(7) }
            },
            .init("enroll.no_key", "no public key is refused") {
                try await $0.refuseEnrolment("sync.public_key") { $0.publicKey = Data() }
            },
            .init("enroll.cut", "a request cut at every byte enrols nobody") {
                try await $0.cutEnrolment()
            },
            .init("enroll.good", "a good code and key enrol, and the hub tells who it is") {
                try await $0.enrol()
            },
            .init("enroll.again", "the same key may repeat its request, with the same answer") {
                try await $0.enrolAgain()
            },
            .init("enroll.other_key", "a used code enrols no other key") {
                try await $0.refuseEnrolment("sync.enrolment_code") {
                    $0.publicKey = Data(Stranger(incarnation: 1).publicKey)
                }
            },
        ]
    }
}

extension Stage {
    /// All paths that take a message.
    static let paths = ["enroll", "push", "pull", "snapshot", "piece", "watch"]

    fileprivate func refuseEverywhere(_ body: [UInt8]) async throws {
        for path in Self.paths {
            let reply = try await line.post("sync/v1/\(path)", body)
            do {
                // Random bytes may be a message that is merely nonsense.
                try expectRefusal(reply)
            } catch {
                throw CaseFailure("\(path), \(body.count) bytes: \(error)")
            }
        }
    }

    fileprivate func refuseGiant() async throws {
        let giant = [UInt8](repeating: 0, count: 65 << 20)
        do {
            let reply = try await line.post("sync/v1/push", giant)
            try expect((400..<500).contains(reply.status), "status \(reply.status)")
        } catch let failure as CaseFailure {
            throw failure
        } catch {
            // A hub may hang up on it.
        }
        try expectRefusal(try await line.post("sync/v1/push", []))
    }

    private var enrolment: WireEnroll {
        var request = WireEnroll()
        request.protocol = 1
        request.code = code
        request.publicKey = Data(terminal.publicKey)
        return request
    }

    fileprivate func refuseEnrolment(
        _ problem: String,
        _ change: (inout WireEnroll) -> Void
    ) async throws {
        var request = enrolment
        change(&request)
        let reply = try await line.post("sync/v1/enroll", request.serializedBytes())
        try expectRefusal(reply, problem)
    }

    fileprivate func cutEnrolment() async throws {
        let whole: [UInt8] = try enrolment.serializedBytes()
        for count in 0..<whole.count {
            let reply = try await line.post("sync/v1/enroll", Array(whole.prefix(count)))
            do {
                try expectRefusal(reply)
            } catch {
                throw CaseFailure("the first \(count) of \(whole.count) bytes: \(error)")
            }
        }
    }

    fileprivate func enrol() async throws {
        let reply = try await line.post("sync/v1/enroll", enrolment.serializedBytes())
        enrolled = try answer(WireEnrolled.self, reply)
        try expect(enrolled.protocol, is: 1, "`protocol`")
        try expect(enrolled.hubPublicKey.count, is: 32, "the length of `hub_public_key`")
        try expect(Array(enrolled.hub), is: Hash.short(enrolled.hubPublicKey), "`hub`")
        try expect(enrolled.epoch > 0, "`epoch` is 0")
        try expect(!enrolled.name.isEmpty, "`name` is empty")
        try expect(!scope.isEmpty, "`scopes` has no SITE/AREA: \(enrolled.scopes)")
        try expect(
            Set(enrolled.scopes).count == enrolled.scopes.count,
            "`scopes` names one twice: \(enrolled.scopes)"
        )
    }

    fileprivate func enrolAgain() async throws {
        let reply = try await line.post("sync/v1/enroll", enrolment.serializedBytes())
        try expect(try answer(WireEnrolled.self, reply) == enrolled, "another answer")
    }
}
