/// A wilful fault that can be switched on to show that the simulator finds it.
///
/// No daemon takes one.
public enum Defect: String, Sendable, CaseIterable {
    /// A terminal moves its cursor one place too far.
    case skippedCursor = "skipped-cursor"
    /// A terminal or hub counts a fact again when it comes again.
    case doubleApply = "double-apply"
    /// The hub answers "stored" before its transaction is on disk.
    case lostAcknowledgement = "lost-acknowledgement"
    /// A field takes the value that came last, not the one that was given last.
    case nonCommutativeReducer = "non-commutative-reducer"
    /// The hub makes a new order, not a revision, when a receipt is settled again.
    case orderCreatedTwice = "order-created-twice"
    /// A terminal forgets what it recorded once the request was sent, answered or not.
    case forgottenOnSend = "forgotten-on-send"
    /// A terminal takes the hub's digest for its own.
    case adoptedDigest = "adopted-digest"
    /// A replica lets every move stand, whatever the hub's verdict.
    case unjudgedMove = "unjudged-move"

    public var about: String {
        switch self {
        case .skippedCursor: "a terminal moves its cursor one place too far after a page"
        case .doubleApply: "a fact that comes again is kept again under another name"
        case .lostAcknowledgement: "the hub answers 'stored' before its transaction is durable"
        case .nonCommutativeReducer: "an edit that comes last wins, whatever its stamp"
        case .orderCreatedTwice: "a receipt that changes after its order gets a second order"
        case .forgottenOnSend: "a terminal counts a request as answered once it is sent"
        case .adoptedDigest: "a terminal takes over the hub's digest instead of computing its own"
        case .unjudgedMove: "a replica lets every move stand, whatever the hub's verdict"
        }
    }

    /// Where a peer had such a fault in the field.
    public var link: String {
        switch self {
        case .skippedCursor: "https://github.com/Nozbe/WatermelonDB/issues/1219"
        case .doubleApply: "https://github.com/getodk/collect/issues/3517"
        case .lostAcknowledgement: "https://github.com/evoluhq/evolu/issues/660"
        case .nonCommutativeReducer: "https://github.com/tursodatabase/turso/issues/6617"
        case .orderCreatedTwice: "https://github.com/YunaiV/yudao-cloud/issues/336"
        case .forgottenOnSend: "https://github.com/getodk/getodk/issues/1017"
        case .adoptedDigest: "https://github.com/actualbudget/actual/issues/8486"
        case .unjudgedMove: "https://github.com/getodk/central/issues/669"
        }
    }
}
