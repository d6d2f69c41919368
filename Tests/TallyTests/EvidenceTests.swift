import Tally
import Testing

@Suite struct EvidenceTests {
    private func evidence(
        replica: UInt64,
        incarnation: UInt64 = 1,
        sequence: UInt64 = 1,
        seen: UInt64 = 0,
        position: UInt64? = nil
    ) -> Evidence {
        Evidence(
            operation: OperationID(
                replica: Identifier(high: 0, low: replica),
                incarnation: incarnation,
                sequence: sequence
            ),
            author: "W1",
            moment: Moment(milliseconds: 0),
            timeUnsure: false,
            seen: seen,
            position: position
        )
    }

    @Test func `what the terminal had fetched could be seen`() {
        let earlier = evidence(replica: 1, position: 5)
        #expect(evidence(replica: 2, seen: 5).couldSee(earlier))
        #expect(evidence(replica: 2, seen: 6, position: 9).couldSee(earlier))
        #expect(!evidence(replica: 2, seen: 4, position: 9).couldSee(earlier))
    }

    @Test func `what the hub has not placed could be seen by its own terminal only`() {
        let unsent = evidence(replica: 1)
        #expect(!evidence(replica: 2, seen: 100).couldSee(unsent))
        #expect(evidence(replica: 1, sequence: 2).couldSee(unsent))
    }

    @Test func `a terminal could see what it recorded before, not after`() {
        let first = evidence(replica: 1, sequence: 1)
        let second = evidence(replica: 1, sequence: 2)
        #expect(second.couldSee(first))
        #expect(!first.couldSee(second))
        #expect(!first.isConcurrent(with: second))
        #expect(!first.couldSee(first))
    }

    @Test func `records of one terminal are not concurrent, across its starts neither`() {
        let before = evidence(replica: 1, incarnation: 9, sequence: 4)
        let after = evidence(replica: 1, incarnation: 3, sequence: 1)
        #expect(!before.isConcurrent(with: after))
        #expect(!after.isConcurrent(with: before))
    }

    @Test func `two terminals that had not fetched each other's records are concurrent`() {
        let one = evidence(replica: 1, seen: 3, position: 4)
        let other = evidence(replica: 2, seen: 3, position: 5)
        #expect(one.isConcurrent(with: other))
        #expect(other.isConcurrent(with: one))
        #expect(!one.isConcurrent(with: one))
        let later = evidence(replica: 2, seen: 4, position: 5)
        #expect(!one.isConcurrent(with: later))
        #expect(!later.isConcurrent(with: one))
    }
}
