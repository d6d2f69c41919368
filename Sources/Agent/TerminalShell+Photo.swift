import Tally

extension TerminalShell {
    /// Takes a photo on a page, as ``scan(_:on:)`` takes a text.
    public func take(
        photo: ContentHash,
        on session: KioskSession
    ) async throws -> (session: KioskSession, feedback: KioskSession.Feedback) {
        do {
            return try await transact { node, dice, reading, transaction in
                var session = session
                var box = AnyDice(dice)
                defer { dice = box.dice }
                let feedback = try session.take(
                    photo: photo,
                    &node,
                    reading: reading,
                    dice: &box,
                    in: transaction
                )
                return (session, feedback)
            }
        } catch let refusal as any Refusal {
            return (session, KioskSession.Feedback(refusal))
        }
    }
}
