/// A wilful fault that can be switched on to show that the simulator finds it: a museum of faults
/// that others had in the field, made anew in our code.
///
/// No daemon takes one.
public enum Defect: String, Sendable, CaseIterable {
    // A terminal's place in the hub's order, and its state.
    case skippedCursor = "skipped-cursor"
    case earlyDone = "early-done"
    case adoptedDigest = "adopted-digest"
    case doubleApply = "double-apply"
    // What a terminal has recorded and not sent.
    case forgottenOnSend = "forgotten-on-send"
    case forgottenOnStart = "forgotten-on-start"
    case forgottenOnUpgrade = "forgotten-on-upgrade"
    case expired
    case notRetried = "not-retried"
    case hastyRetry = "hasty-retry"
    // What the hub makes of a batch.
    case lostAcknowledgement = "lost-acknowledgement"
    case assumedAttachment = "assumed-attachment"
    // Snapshots.
    case clientReset = "client-reset"
    case earlyPurge = "early-purge"
    // How operations merge.
    case nonCommutativeReducer = "non-commutative-reducer"
    case unseenConflict = "unseen-conflict"
    case resurrection
    case unjudgedMove = "unjudged-move"
    case lastWriterWins = "last-writer-wins"
    // What the hub tells the world.
    case orderCreatedTwice = "order-created-twice"
    case toldOnce = "told-once"

    /// What the fault does.
    public var about: String { Self.plates[self]?.about ?? "" }

    /// Where a peer had such a fault in the field.
    public var link: String { Self.plates[self]?.link ?? "" }

    private static let plates: [Defect: (about: String, link: String)] = [
        .skippedCursor: (
            "a terminal moves its cursor one place too far after a page",
            "https://github.com/Nozbe/WatermelonDB/issues/1219"
        ),
        .earlyDone: (
            "a terminal takes an interrupted fetch for a finished one",
            "https://github.com/medic/cht-core/issues/7419"
        ),
        .adoptedDigest: (
            "a terminal takes over the hub's digest instead of computing its own",
            "https://github.com/MattFaz/actuali/pull/188"
        ),
        .doubleApply: (
            "a fact that comes again is kept again under another name",
            "https://github.com/getodk/collect/issues/3517"
        ),
        .forgottenOnSend: (
            "a terminal counts a request as answered once it is sent",
            "https://github.com/getodk/getodk/issues/1017"
        ),
        .forgottenOnStart: (
            "a terminal that starts again does not send what it had not sent",
            "https://github.com/fluent/fluent-bit/issues/7279"
        ),
        .forgottenOnUpgrade: (
            "another program version starts with an empty queue",
            "https://github.com/edgexfoundry/app-functions-sdk-go/issues/214"
        ),
        .expired: (
            "what was not sent within two hours is dropped",
            "https://github.com/Azure/iotedge/issues/835"
        ),
        .notRetried: (
            "a failed round is not tried again until something new is recorded",
            "https://github.com/powersync-ja/powersync-native/issues/15"
        ),
        .hastyRetry: (
            "a terminal that has nothing to send asks a hub that is down twice a second",
            "https://github.com/Rezivure/Grid-Mobile/pull/258"
        ),
        .lostAcknowledgement: (
            "the hub answers 'stored' before its transaction is durable",
            "https://github.com/evoluhq/evolu/issues/660"
        ),
        .assumedAttachment: (
            "the hub counts bytes of a photo as stored that were announced and did not come",
            "https://github.com/couchbase/sync_gateway/issues/2534"
        ),
        .clientReset: (
            "a terminal that starts from a snapshot forgets what it had not sent",
            "https://github.com/realm/realm-js/issues/3548"
        ),
        .earlyPurge: (
            "a terminal lets go of history that no backup of the hub has yet",
            "https://github.com/super-productivity/super-productivity/issues/8958"
        ),
        .nonCommutativeReducer: (
            "an edit that comes last wins, whatever its stamp",
            "https://github.com/tursodatabase/turso/issues/6617"
        ),
        .unseenConflict: (
            "concurrent edits are not known to be in conflict",
            "https://github.com/jumpmindinc/symmetric-ds/pull/537"
        ),
        .resurrection: (
            "a value that was replaced comes back when its edit comes again",
            "https://github.com/medic/cht-core/pull/6254"
        ),
        .unjudgedMove: (
            "a replica lets every move stand, whatever the hub's verdict",
            "https://github.com/getodk/central/issues/669"
        ),
        .lastWriterWins: (
            "a fact overwrites another one about the same thing",
            "https://github.com/pubkey/rxdb/issues/6439"
        ),
        .orderCreatedTwice: (
            "a receipt that changes after its order gets a second order",
            "https://github.com/YunaiV/yudao-cloud/issues/336"
        ),
        .toldOnce: (
            "a message counts as delivered before it is",
            "https://github.com/edgexfoundry/app-functions-sdk-go/issues/1516"
        ),
    ]
}
