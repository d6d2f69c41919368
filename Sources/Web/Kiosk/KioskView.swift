import Agent

// What the templates are filled with. A template that finds nothing under a name looks in the
// values around it, so a name that may be absent is used once only.

/// One rendering of a page.
struct KioskView: Sendable {
    /// The texts: `{{text.kiosk.title}}`.
    let text: StringTable.Sections
    let language: String
    /// The name of the next request without a script; a second press of a button repeats it.
    let request: String
    /// Changes when the hub sent something: then the page is drawn anew.
    let seen: String
    /// Grows with every change of the page.
    let version: Int
    /// Versions count within it.
    let start: String
    let strip: StripView
    let feedback: FeedbackView?
    var signIn: SignInView?
    var home: HomeView?
    var receipt: ReceiptView?
    var inspection: InspectionView?
    var report: ReportView?
    var exception: ExceptionView?
    var order: OrderView?
    var round: RoundView?
    var machine: MachinePageView?
    var hazard: HazardView?
    var stopCard: StopCardView?
    var devices: DevicesView?
}

/// The strip that every page has: where, who, and how it stands with the hub.
struct StripView: Hashable, Sendable {
    let terminal: String
    /// The name of who is signed in.
    let person: String?
    let otherLanguage: String
    let otherLanguageName: String
    let otherLanguageCommand: String
    let isConnected: Bool
    let connection: String
    let hasUnsynced: Bool
    let unsynced: String
    /// How many records of this shift had no effect, in words; nil when all had.
    let withoutEffect: String?
    /// In words, and as a number; nil words while none waits for the hub.
    let photosWaiting: String?
    let photoCount: String
    /// Whether devices can hang on this terminal, and whether one should be looked at.
    let hasDevices: Bool
    let hasTrouble: Bool
    /// What is wrong with the terminal's own disk or database, most urgent first.
    let warnings: [String]
}

/// The answer to the last scan.
struct FeedbackView: Hashable, Sendable {
    let tone: String
    /// What the tone is called, for who hears the page.
    let toneName: String
    let message: String
}

struct SignInView: Hashable, Sendable {
    let isEnrolled: Bool
}

/// Something in a list that can be touched.
struct ItemRow: Hashable, Sendable {
    /// Where touching it goes: `/open/<kind>/<id>`.
    let path: String
    let name: String
    let detail: String
    /// A word at the end of the row, and its colour: `calm`, `attention` or `wrong`.
    var mark: String?
    var markTone = "calm"
    /// The number by which a scanner opens it; nil where none does.
    var ordinal: String?
}

/// A button that stands for a command code.
struct CommandButton: Hashable, Sendable {
    let command: String
    let number: String
    let caption: String
    var note = ""
    var isPressed = false
}
