import ArgumentParser
import Codes
import Drivers
import Foundation
import Imaging
import Labels
import Tally

/// How a code is drawn.
struct DrawingOptions: ParsableArguments {
    @Option(help: "Error correction: L, M, Q or H.")
    var level = "M"

    @Option(help: "Pixels a module, 1 to 50.")
    var moduleSize = 6

    @Option(help: "The light border, in modules, 0 to 40; the standard wants 4.")
    var margin = QRModules.quietZone

    func validate() throws {
        guard ErrorCorrection(letter: level) != nil else {
            throw ValidationError("--level is L, M, Q or H, not '\(level)'")
        }
        guard (1...50).contains(moduleSize) else {
            throw ValidationError("--module-size is 1 to 50, not \(moduleSize)")
        }
        guard (0...40).contains(margin) else {
            throw ValidationError("--margin is 0 to 40, not \(margin)")
        }
    }

    var correction: ErrorCorrection { ErrorCorrection(letter: level) ?? .medium }

    /// Draws the symbols of a text; several become `note-2-of-4.png` and so on.
    func draw(parts: [String], to path: String, using client: ImagingWorkerClient) throws {
        let url = URL(fileURLWithPath: path)
        let name = url.deletingPathExtension().lastPathComponent
        for (index, text) in parts.enumerated() {
            let numbered = url.deletingLastPathComponent()
                .appendingPathComponent("\(name)-\(index + 1)-of-\(parts.count)")
                .appendingPathExtension(url.pathExtension).path
            let file = parts.count == 1 ? path : numbered
            try draw(QRContent(text: text), to: file, using: client)
            if parts.count > 1 { Talk.line("part \(index + 1) of \(parts.count): \(file)") }
        }
    }

    /// Draws the code and writes the file, in the form that its name asks for.
    func draw(_ content: QRContent, to path: String, using client: ImagingWorkerClient) throws {
        let form = try PictureForm(path: path)
        let level = correction
        let file: [UInt8]
        switch form {
        case .png:
            file = try Talk.refusing {
                try client.png(of: content, level: level, moduleSize: moduleSize, margin: margin)
            }
        case .svg:
            let modules = try Talk.refusing { try client.modules(of: content, level: level) }
            file = Array(modules.svg(moduleSize: moduleSize, margin: margin).utf8)
        case .pdf:
            file = try Talk.refusing {
                try client.files(of: [try sheet(content, using: client)], as: .pdf)[0]
            }
        case .zpl, .tspl, .escpos:
            let dots = try Talk.refusing {
                let page = try sheet(content, using: client)
                return try client.dots(of: [page], resolution: Self.printedResolution)
            }
            let language = form.language
            file = language.stream(dots, resolution: Self.printedResolution, copies: 1).bytes
        }
        try FileBytes.write(file, path)
    }
}

extension DrawingOptions {
    /// A pixel of PDF and of the printers' languages is a dot of a usual label printer.
    private static let printedResolution = 203

    /// A page just large enough for the code and its light border.
    private func sheet(
        _ content: QRContent,
        using client: ImagingWorkerClient
    ) throws -> LabelSheet {
        let level = ErrorCorrection(letter: level) ?? .medium
        let width = try client.modules(of: content, level: level).width
        func micrometres(_ modules: Int) -> Int {
            modules * moduleSize * 25_400 / Self.printedResolution
        }
        let side = micrometres(width + 2 * margin) + 1
        // The label's code brings its own quiet zone; half a dot more, so that none is lost.
        let offset = micrometres(margin - QRModules.quietZone)
        let room = micrometres(width + 2 * QRModules.quietZone) + 60
        let code = LabelCode(
            kind: .qr,
            bytes: content.bytes,
            isText: content.isText,
            level: level.letter,
            box: LabelBox(x: offset, y: offset, width: room, height: room)
        )
        return LabelSheet(width: side, height: side, elements: [.code(code)])
    }
}

/// The files that codes and labels are written as.
enum PictureForm: String, CaseIterable, ExpressibleByArgument {
    case png
    case svg
    case pdf
    case zpl
    case tspl
    case escpos

    init(path: String) throws {
        let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
        guard let known = Self(rawValue: ending) else {
            let names = Self.allCases.map { "." + $0.rawValue }.joined(separator: ", ")
            throw ValidationError("\(path): the name must end in one of \(names)")
        }
        self = known
    }

    /// What the printer speaks; ZPL for pictures.
    var language: any PrinterLanguage {
        switch self {
        case .tspl: TSPL()
        case .escpos: ESCPOS()
        default: ZPL()
        }
    }
}

/// Files, with errors that name them.
enum FileBytes {
    static func read(_ path: String) throws -> [UInt8] {
        guard !isFolder(path) else { throw FileTrouble(path: path, reason: "it is a folder") }
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw FileTrouble(path: path, reason: FileWords.words(error))
        }
    }

    /// Writes to a new file that then takes the place of an old one.
    static func write(_ bytes: [UInt8], _ path: String) throws {
        guard !isFolder(path) else { throw FileTrouble(path: path, reason: "it is a folder") }
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw FileTrouble(path: path, reason: FileWords.words(error))
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}

/// A file that could not be read or written.
struct FileTrouble: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path): \(reason)" }
}

/// What the commands of this folder say: results on standard output, the rest on standard error.
enum Talk {
    static func line(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    static func line(json: [UInt8]) throws {
        try FileHandle.standardOutput.write(contentsOf: Data(json + [UInt8(ascii: "\n")]))
    }

    /// One line of JSON with sorted keys.
    static func result(_ document: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try line(json: Array(try encoder.encode(document)))
    }

    static func reason(_ error: any Error) -> String {
        if let refusal = error as? any Refusal { return Texts.shared.problem(refusal) }
        if let trouble = error as? FileTrouble { return trouble.reason }
        return "\(error)"
    }

    /// Runs `work`; a refusal is said on standard error and ends the command with exit code 1.
    static func refusing<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let refusal as any Refusal {
            line(Texts.shared.problem(refusal))
            throw ExitCode.failure
        }
    }
}
