/// A printer of a terminal: where it hangs, what it speaks, and what it prints on.
public struct LabelPrinter: Hashable, Sendable {
    /// What a printer understands.
    public enum Language: String, Hashable, Sendable, CaseIterable {
        /// Zebra's.
        case zpl
        /// TSC's.
        case tspl
        /// Epson's, for receipt printers.
        case escpos
        /// Whole pages, for print servers only.
        case pdf
    }

    /// What jobs call it.
    public let name: String
    /// `tcp://HOST:PORT`, `serial:/dev/ttyUSB0?baud=9600`, `usb:/dev/usb/lp0`,
    /// `ipp://HOST:PORT/printers/NAME`.
    public let connection: String
    public let language: Language
    /// Dots an inch, 100 to 1200.
    public let resolution: Int
    /// The widest that it prints, in micrometres.
    public let width: Int

    /// A printer.
    ///
    /// - Throws: ``PrintRefusal`` when a value is out of its range.
    public init(
        name: String,
        connection: String,
        language: Language,
        resolution: Int = 203,
        width: Int = 104_000
    ) throws(PrintRefusal) {
        let letters = name.unicodeScalars
        let signs = "0123456789-_.".unicodeScalars
        let isPlain = letters.allSatisfy { $0.properties.isAlphabetic || signs.contains($0) }
        guard (1...40).contains(letters.count), isPlain else { throw .badName(name) }
        guard (100...1_200).contains(resolution) else { throw .badResolution(resolution) }
        guard (10_000...LabelSheet.sideMax).contains(width) else { throw .badWidth(width / 1000) }
        let scheme = connection.prefix { $0 != ":" }
        guard ["tcp", "serial", "usb", "ipp"].contains(scheme), connection.utf8.count <= 300 else {
            throw .badConnection(connection)
        }
        guard language != .pdf || scheme == "ipp" else { throw .badConnection(connection) }
        self.name = name
        self.connection = connection
        self.language = language
        self.resolution = resolution
        self.width = width
    }
}
