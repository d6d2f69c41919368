import ArgumentParser
import Codes
import Deflate
import Foundation
import Imaging
import Tally

/// `tallyman code`: any code, made, read or explained.
struct CodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code",
        abstract: "Make codes, read them from pictures, and say what they mean.",
        subcommands: [Make.self, Read.self, Parse.self]
    )

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw a QR code of a text or of a file's bytes.",
            discussion: """
                A text in ASCII that is too long for one symbol becomes FILE-1-of-N.png and so on, \
                parts that a terminal joins in any order; at most 12.
                """
        )

        @Argument(help: "The text to put into the code.")
        var text: String?

        @Option(help: "A file whose bytes to put into the code.")
        var file: String?

        @Option(help: "Where to write: FILE.png, .svg, .pdf, .zpl, .tspl or .escpos.")
        var out: String

        @OptionGroup var drawing: DrawingOptions

        func validate() throws {
            guard (text == nil) != (file == nil) else {
                throw ValidationError("give either a text or --file")
            }
        }

        func run() throws {
            let content =
                if let file { QRContent(bytes: try FileBytes.read(file)) } else {
                    QRContent(text: text ?? "")
                }
            let client = ImagingWorkerClient()
            guard let text, try !fits(content, client) else {
                return try drawing.draw(content, to: out, using: client)
            }
            try drawing.draw(
                parts: try Talk.refusing { try parts(text) },
                to: out,
                using: client
            )
        }

        private func parts(_ text: String) throws -> [String] {
            do {
                return try NotePart.texts(of: text)
            } catch NoteRefusal.tooLong(let characters, let charactersMax)
                where !text.hasPrefix(SignedNote.prefix)
            {
                throw CodeRefusal.tooLong(characters: characters, charactersMax: charactersMax)
            }
        }

        /// Whether one symbol holds it; a text outside ASCII cannot be parted, and says so when it
        /// is drawn.
        private func fits(_ content: QRContent, _ client: ImagingWorkerClient) throws -> Bool {
            guard content.bytes.allSatisfy({ $0 < 128 }), content.bytes.count > 1_000 else {
                return true
            }
            do {
                _ = try client.modules(of: content, level: drawing.correction)
                return true
            } catch ImagingError.refused(.contentTooLong, _) {
                return false
            } catch {
                throw error
            }
        }
    }

    struct Read: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the codes in pictures: one JSON line a picture."
        )

        @Argument(help: "Pictures: PNG, JPEG, PGM or PPM.")
        var images: [String]

        @Flag(help: "JSON, which is what is printed anyway.")
        var json = false

        @Option(
            help: "Kinds, with commas: \(Symbology.allCases.map(\.name).joined(separator: ","))."
        )
        var symbology: String?

        func run() throws {
            let symbologies = try symbology.map(Self.symbologies) ?? Symbology.standard
            let client = ImagingWorkerClient()
            var isComplete = true
            for image in images {
                let start = ContinuousClock.now
                var document = ReadingDocument(file: image)
                do {
                    let picture = try FileBytes.read(image)
                    let reading = try client.read(picture: picture, symbologies: symbologies)
                    document.fill(reading)
                    if reading.symbols.isEmpty {
                        isComplete = false
                        Talk.line("\(image): no code that could be read")
                    }
                } catch {
                    isComplete = false
                    document.error = Talk.reason(error)
                    Talk.line("\(image): \(Talk.reason(error))")
                }
                document.ms = start.duration(to: .now) / .milliseconds(1)
                try Talk.result(document)
            }
            if !isComplete { throw ExitCode.failure }
        }

        private static func symbologies(_ names: String) throws -> Set<Symbology> {
            Set(
                try names.split(separator: ",").map { name in
                    guard let symbology = Symbology(name: name) else {
                        let known = Symbology.allCases.map(\.name).joined(separator: ", ")
                        throw ValidationError("no symbology '\(name)'; there are \(known)")
                    }
                    return symbology
                }
            )
        }
    }

    struct Parse: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a scanned text means."
        )

        @Argument(help: "The text, or - for one JSON-escaped text a line on standard input.")
        var text: String

        @Flag(help: "Read it as a GS1 element string, bracketed text or Digital Link only.")
        var gs1 = false

        @Option(
            help: "A file of rules for suppliers' own codes; else those of Templates/CodeRules."
        )
        var rules: String?

        func run() throws {
            let known = try Talk.refusing {
                try rules.map(CodeRuleLibrary.rules(file:))
                    ?? CodeRuleLibrary.rulesIfThere()
            }
            let parser = CodeParser(compressor: DeflateCompressor(format: .raw), rules: known)
            if text == "-" {
                while let line = readLine() {
                    try Talk.line(json: answer(line, parser).json())
                }
                return
            }
            do {
                try Talk.line(json: document(of: text, parser).json())
            } catch let refusal as CodeRefusal {
                try Talk.line(json: MeaningDocument(refusal: refusal).json())
                Talk.line(Texts.shared.problem(refusal))
                throw ExitCode.failure
            }
        }

        private func document(of text: String, _ parser: CodeParser) throws -> MeaningDocument {
            let meaning = gs1 ? .gs1(try parser.gs1(text)) : try parser.meaning(of: text)
            return MeaningDocument(meaning, names: Texts.shared.inEachLanguage)
        }

        private func answer(_ line: String, _ parser: CodeParser) -> MeaningDocument {
            do {
                let escaped = Data(("\"" + line + "\"").utf8)
                let text = try JSONDecoder().decode(String.self, from: escaped)
                return try document(of: text, parser)
            } catch let refusal as CodeRefusal {
                return MeaningDocument(refusal: refusal)
            } catch {
                return MeaningDocument(refusal: .badEscape(line))
            }
        }
    }
}

/// What a picture held, as JSON.
struct ReadingDocument: Encodable {
    struct Found: Encodable {
        let symbology: String
        let text: String
        let encoding: String
        let bytes: Data
        let gs1: Bool
        /// The AIM symbology identifier, where it is known.
        let identifier: String?
        let corners: [[Int]]
    }

    let file: String
    var symbols: [Found] = []
    /// Symbols that hold a part of a longer message only; nil when there are none.
    var partial: Int?
    var ms: Double = 0
    var error: String?

    init(file: String) { self.file = file }

    mutating func fill(_ reading: PictureReading) {
        partial = reading.partialCount == 0 ? nil : reading.partialCount
        symbols = reading.symbols.map { symbol in
            Found(
                symbology: symbol.symbology.name,
                text: symbol.text.text,
                encoding: symbol.text.encoding.rawValue,
                bytes: Data(symbol.bytes),
                gs1: symbol.isGS1,
                identifier: symbol.identifier.isEmpty ? nil : symbol.identifier,
                corners: symbol.corners.map { [$0.x, $0.y] }
            )
        }
    }
}
