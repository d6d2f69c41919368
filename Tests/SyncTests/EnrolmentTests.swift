import Sync
import Tally
import Testing

@Suite struct EnrolmentTests {
    private let hub: TestHub
    private let scopes = [Scope.company, Carton.dock]

    init() throws { hub = try TestHub() }

    private func key(_ byte: UInt8) throws -> [UInt8] {
        try Replica(privateKey: [UInt8](repeating: byte, count: 32)).publicKey
    }

    @Test func `a code lets one terminal in, with its name and scopes`() throws {
        let code = try hub.offer(scopes, name: "码头 1")
        #expect(code.count == 16)
        let request = EnrollRequest(code: code, publicKey: try key(1))
        let answer = try hub.enroll(request)
        #expect(answer.name == "码头 1")
        #expect(answer.scopes == scopes.sorted())
        #expect(try answer.epoch == hub.epoch)
        #expect(answer.hub == hub.hub.replica.id)
        #expect(try Enrolment(bytes: try answer.bytes()) == answer)
        #expect(try EnrollRequest(bytes: try request.bytes()) == request)
    }

    @Test func `the same terminal may ask again, since an answer can be lost`() throws {
        let request = EnrollRequest(code: try hub.offer(scopes), publicKey: try key(1))
        let answer = try hub.enroll(request)
        #expect(try hub.enroll(request) == answer)
    }

    @Test func `another terminal cannot use a code again`() throws {
        let code = try hub.offer(scopes)
        _ = try hub.enroll(EnrollRequest(code: code, publicKey: try key(1)))
        let other = EnrollRequest(code: code, publicKey: try key(2))
        #expect(throws: SyncRefusal.enrolmentCode(hub.hub.replica.id)) { try hub.enroll(other) }
        let push = try PushRequest(
            [],
            epoch: try hub.epoch,
            by: Replica(privateKey: [UInt8](repeating: 2, count: 32))
        )
        #expect(throws: SyncRefusal.unknownTerminal(push.replica)) { try hub.push(push) }
    }

    @Test func `a code is good until its end and not after`() throws {
        let codes = [try hub.offer(scopes), try hub.offer(scopes)]
        hub.wall = hub.wall.adding(milliseconds: HubReplica.enrolmentMilliseconds)
        _ = try hub.enroll(EnrollRequest(code: codes[0], publicKey: try key(1)))
        hub.wall = hub.wall.adding(milliseconds: 1)
        let late = EnrollRequest(code: codes[1], publicKey: try key(2))
        #expect(throws: SyncRefusal.enrolmentCode(hub.hub.replica.id)) { try hub.enroll(late) }
        let again = EnrollRequest(code: codes[0], publicKey: try key(1))
        #expect(throws: SyncRefusal.enrolmentCode(hub.hub.replica.id)) { try hub.enroll(again) }
    }

    @Test func `an unknown code and a key that is none are refused`() throws {
        let request = EnrollRequest(code: "0000000000000000", publicKey: try key(1))
        #expect(throws: SyncRefusal.enrolmentCode(hub.hub.replica.id)) { try hub.enroll(request) }
        let short = EnrollRequest(code: try hub.offer(scopes), publicKey: [1, 2, 3])
        #expect(throws: SyncRefusal.publicKey) { try hub.enroll(short) }
    }

    @Test func `two codes differ`() throws {
        let codes = try (0..<50).map { _ in try hub.offer(scopes) }
        #expect(Set(codes).count == codes.count)
    }
}
