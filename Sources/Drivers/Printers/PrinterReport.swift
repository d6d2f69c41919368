import Imaging
import Labels

/// What a printer says of itself.
public struct PrinterReport: Hashable, Sendable {
    /// What keeps it from printing; ``PrintNote/none`` when nothing does.
    public var trouble: PrintNote = .none
    /// The printer's own figures, for people who know the manual.
    public var detail = ""
    /// It has work in hand or in its memory.
    public var isBusy = false
    /// A label was begun and its end never came: half of it lies in the printer's memory.
    public var holdsHalfALabel = false
    /// The printer said of a label of this number that it is done; nil when it said so of none.
    public var finished: UInt32?

    public init() {}
}

/// What a language makes of a label: first what can be lost without harm, then what prints.
public struct PrintStream: Hashable, Sendable {
    /// Sent first; while no more is out, nothing can come out of the printer.
    public let load: [UInt8]
    /// Sent when the printer has taken all of `load`: this is what makes it print.
    public let trigger: [UInt8]
    /// The number by which the printer tells that all of it is on paper; nil where the language has
    /// no such thing.
    public let mark: UInt32?

    public init(load: [UInt8], trigger: [UInt8], mark: UInt32? = nil) {
        self.load = load
        self.trigger = trigger
        self.mark = mark
    }

    /// Everything, for a file.
    public var bytes: [UInt8] { load + trigger }
}

/// A printer's language: labels in, status out.
public protocol PrinterLanguage: Sendable {
    /// A label as the printer wants it.
    ///
    /// - Parameters:
    ///   - pages: at least one, each no wider than the printer.
    ///   - resolution: dots an inch.
    ///   - copies: from 1.
    /// - Returns: all bytes, in two parts.
    func stream(_ pages: [DotPicture], resolution: Int, copies: Int) -> PrintStream

    /// What asks the printer how it stands.
    var question: [UInt8] { get }

    /// Reads the answer so far.
    ///
    /// - Returns: the report; nil while bytes are missing.
    func report(_ answer: [UInt8]) -> PrinterReport?

    /// What throws away half a label in the printer's memory.
    var clearing: [UInt8] { get }

    /// Whether the printer is gone for a while after ``clearing`` and has to be connected anew.
    var clearingRestarts: Bool { get }
}
