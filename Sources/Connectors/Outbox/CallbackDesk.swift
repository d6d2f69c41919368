import Synchronization
import Tally

/// Takes what targets say by themselves: an order was accepted, or closed.
///
/// ```
/// POST …/api/v1/callbacks/erp        signed as ``WebhookSignature`` says
/// {"key": "<32 hexadecimal digits>", "state": "accepted", "number": "ERP-77"}
/// ```
public final class CallbackDesk: Sendable {
    private let secrets: [String: String]
    private let windows = Mutex<[String: ReplayWindow]>([:])

    private static let expected = #"{"key": "…", "state": "accepted" or "closed", "number": "…"}"#

    /// - Parameter targets: those whose file gives a `callback` secret may call.
    public init(_ targets: [OutboxTarget]) {
        secrets = Dictionary(
            targets.filter { !$0.callbackSecret.isEmpty }.map { ($0.name, $0.callbackSecret) }
        ) { first, _ in first }
    }

    /// Reads a call.
    ///
    /// - Parameters:
    ///   - target: in whose name it is made.
    ///   - body: as it came.
    ///   - timestamp: the header of that name; empty for none.
    ///   - signature: the header of that name; empty for none.
    ///   - now: the hub's time.
    /// - Returns: what the target says.
    /// - Throws: ``OutboxRefusal``: an unknown target is told as a forged call, too.
    public func word(
        from target: String,
        _ body: [UInt8],
        timestamp: String,
        signature: String,
        now: Moment
    ) throws(OutboxRefusal) -> OutboxWord {
        guard let secret = secrets[target] else { throw .forgedCall(target) }
        let isHonest = windows.withLock { windows in
            var window = windows[target] ?? ReplayWindow()
            defer { windows[target] = window }
            do throws(WebhookSignature.Fault) {
                try window.check(
                    body,
                    timestamp: timestamp,
                    signature: signature,
                    secret: secret,
                    now: now
                )
                return true
            } catch {
                return false
            }
        }
        guard isHonest else { throw .forgedCall(target) }
        guard let tree = JSONTree(json: body),
            let key = tree.value(at: "key")?.word.flatMap({ Identifier(text: $0) }),
            let state = tree.value(at: "state")?.word.flatMap(OutboxWord.State.init)
        else { throw .badCall(Self.expected) }
        let number = tree.value(at: "number")?.word ?? ""
        return OutboxWord(
            key: key,
            target: target,
            state: state,
            number: String(number.prefix(100))
        )
    }
}
