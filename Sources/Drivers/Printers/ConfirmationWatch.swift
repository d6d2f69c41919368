import Labels

/// Decides from a printer's answers whether a label that it took is on paper.
///
/// Only what the printer itself says of the label counts: that the label with this mark is done
/// (ESC/POS), that it was at work and has no work left (TSPL), that nothing of the batch is left
/// (ZPL). A printer that is merely well and idle has said nothing of the label.
///
/// Times are milliseconds of one clock that the caller reads.
struct ConfirmationWatch {
    enum Verdict: Hashable {
        case printed
        /// Something keeps it, or it is at work.
        case waiting(PrintNote, String)
        /// Nothing more can be learned.
        case givenUp
    }

    private let settings: SpoolerSettings
    private let patience: Int
    /// The printer tells when it is at work.
    private let tellsBusy: Bool
    /// "Not at work" is said only when nothing is left to be done, so it is enough by itself.
    private let tellsIdle: Bool
    /// The printer says by this number that the label is done.
    private let mark: UInt32?
    private var start: Int?
    private var wasBusy = false
    private var silences = 0

    init(
        _ settings: SpoolerSettings,
        copies: Int,
        tellsBusy: Bool,
        tellsIdle: Bool,
        mark: UInt32?
    ) {
        self.settings = settings
        self.mark = mark
        self.tellsBusy = tellsBusy
        self.tellsIdle = tellsIdle
        patience = settings.confirm + copies * settings.confirm / 10
    }

    /// Takes one answer; nil for none in time.
    mutating func take(_ report: PrinterReport?, at moment: Int) -> Verdict {
        let start = start ?? moment
        self.start = start
        guard let report else {
            silences += 1
            // It answered nothing at all: a wire without a way back, or a printer that does not.
            let isOver = silences >= 3 || moment - start > patience
            return isOver ? .givenUp : .waiting(.unconfirmed, "")
        }
        silences = 0
        if let mark, report.finished == mark { return .printed }
        if report.trouble != .none {
            guard moment - start < settings.mend else { return .givenUp }
            return .waiting(report.trouble, report.detail)
        }
        if report.isBusy {
            wasBusy = true
            return moment - start < settings.mend
                ? .waiting(.unconfirmed, report.detail) : .givenUp
        }
        if tellsIdle || tellsBusy && wasBusy { return .printed }
        return moment - start > patience ? .givenUp : .waiting(.unconfirmed, report.detail)
    }
}
