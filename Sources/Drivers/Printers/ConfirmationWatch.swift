import Labels

/// Decides from a printer's answers whether a label that it took is on paper.
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
    private var start: Int?
    private var wasBusy = false
    /// When it was first found well and idle without a break.
    private var wellSince: Int?
    private var silences = 0

    init(_ settings: SpoolerSettings, copies: Int, tellsBusy: Bool, tellsIdle: Bool) {
        self.settings = settings
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
            wellSince = nil
            // It answered nothing at all: a wire without a way back, or a printer that does not.
            let isOver = silences >= 3 || moment - start > patience
            return isOver ? .givenUp : .waiting(.unconfirmed, "")
        }
        silences = 0
        if report.trouble != .none {
            wellSince = nil
            guard moment - start < settings.mend else { return .givenUp }
            return .waiting(report.trouble, report.detail)
        }
        if report.isBusy {
            wasBusy = true
            wellSince = nil
            return moment - start < settings.mend
                ? .waiting(.unconfirmed, report.detail) : .givenUp
        }
        if tellsIdle || tellsBusy && wasBusy { return .printed }
        let since = wellSince ?? moment
        wellSince = since
        if moment - since >= settings.settle { return .printed }
        return .waiting(.unconfirmed, report.detail)
    }
}
