import ArgumentParser
import Codes
import Drivers
import Foundation
import Imaging
import Labels
import Tally
import Web

/// `tallyman plate`: equipment plates and the card of command codes.
struct PlateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plate",
        abstract: "Make the codes for machines' plates, and the card of command codes.",
        subcommands: [Make.self]
    )

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw a plate for each tag, or the card of command codes.",
            discussion: "A plate has the code, a GS1 Digital Link, and the tag in plain text."
        )

        @Argument(help: "Equipment tags.")
        var tags: [String] = []

        @Flag(help: "Draw the card of command codes instead.")
        var commands = false

        @Flag(help: "Draw the sheet that teaches a terminal its scanners instead, as FILE.svg.")
        var teach = false

        @Option(help: "The folder for the plates, made when missing; the file for the card.")
        var out: String

        @Option(help: "The address that plates link to; terminals read plates of any.")
        var base = Plate.standardBase

        @Option(help: "An exception category for the card; may be given several times.")
        var category: [String] = []

        @Option(help: "What a plate's file is: png, svg, pdf, zpl, tspl or escpos.")
        var form = PictureForm.png

        @Flag(help: "Draw the code alone.")
        var bare = false

        @OptionGroup var look: LabelLook
        @OptionGroup var drawing: DrawingOptions

        func validate() throws {
            guard [commands, teach, !tags.isEmpty].count(where: { $0 }) == 1 else {
                throw ValidationError("give either tags, --commands or --teach")
            }
        }

        func run() throws {
            let client = ImagingWorkerClient()
            if teach {
                guard case .svg = try PictureForm(path: out) else {
                    throw ValidationError("\(out): the sheet is drawn as .svg so far")
                }
                let sheet = try Talk.refusing {
                    let texts = try StringTable(try Texts.folder())
                    return try TeachWords.page(TeachSheet(client: client), texts)
                }
                return try FileBytes.write(Array(sheet.utf8), out)
            }
            if commands {
                return try drawCard(using: client)
            }
            // All tags are judged before the first file is written.
            let plates = try Talk.refusing {
                try tags.map { tag in
                    let plate = try Plate(tag: tag)
                    return (plate, try plate.text(base: base))
                }
            }
            let folder = URL(fileURLWithPath: out)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (plate, text) in plates {
                let name = Self.fileName(plate.tag) + "." + form.rawValue
                let path = folder.appendingPathComponent(name).path
                if bare {
                    try drawing.draw(QRContent(text: text), to: path, using: client)
                } else {
                    try drawLabel("plate", try LabelData.plate(plate, base: base), form, path)
                }
                try Talk.line(json: Array(path.utf8))
            }
        }

        private func drawCard(using client: ImagingWorkerClient) throws {
            let form = try PictureForm(path: out)
            let card = CommandCard(categories: category)
            guard form == .svg else {
                return try drawLabel("command_card", card.data, form, out)
            }
            let svg = try Talk.refusing { try card.svg(using: client) }
            try FileBytes.write(Array(svg.utf8), out)
        }

        private func drawLabel(
            _ name: String,
            _ data: LabelData,
            _ form: PictureForm,
            _ path: String
        ) throws {
            try Talk.refusing {
                let library = LabelLibrary(try Texts.folder())
                let label = try library.filled(name, data, language: look.language)
                try LabelFiles(look: look).write(label.pages, form, to: path)
            }
        }

        /// The tag, with what a file's name cannot hold percent-encoded, so that no two tags share
        /// a file.
        private static func fileName(_ tag: String) -> String {
            var name = ""
            for scalar in tag.unicodeScalars {
                let isBad = "/\\:%".unicodeScalars.contains(scalar) || name.isEmpty && scalar == "."
                name +=
                    isBad ? "%" + [UInt8(scalar.value)].hexadecimal.uppercased() : String(scalar)
            }
            return name
        }
    }
}

/// A sheet with the command codes of the kiosk page, each with its words in both languages.
struct CommandCard {
    private struct Entry {
        let command: CommandCode
        let chinese: String
        let english: String
    }

    private static let columns = 5
    /// A code with its words takes so many units of the drawing.
    private static let cellWidth = 120
    private static let cellHeight = 130
    /// A code is about so wide, in whole units a module.
    private static let codeSize = 76

    private let entries: [Entry]

    /// - Parameter categories: codes of exception categories to add.
    init(categories: [String]) {
        let plain: [CommandCode: (String, String)] = [
            .receive: ("收货", "receive"), .asNoted: ("按单数量", "as noted"),
            .damage: ("破损", "damage"), .shortage: ("短缺", "shortage"),
            .partDone: ("我已完成", "my part is done"), .closeReceipt: ("关闭收货", "close receipt"),
            .inspect: ("点检", "inspect"), .report: ("报告异常", "report"),
            .sign: ("签名", "sign"), .yes: ("是", "yes"), .no: ("否", "no"), .ok: ("确定", "OK"),
            .undo: ("撤销", "undo"), .cancel: ("取消", "cancel"), .home: ("首页", "home"),
            .stop: ("停机", "stop machine"), .noPapers: ("无单到货", "without papers"),
            .hold: ("冻结批次", "hold the lot"), .release: ("放行", "release"),
        ]
        var entries = CommandCode.plain.map { _, command in
            let words = plain[command] ?? (command.text, command.text)
            return Entry(command: command, chinese: words.0, english: words.1)
        }
        for count in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50, 100] {
            let words = ("数量 \(count)", "quantity \(count)")
            entries.append(Entry(command: .quantity(count), chinese: words.0, english: words.1))
        }
        for number in 1...6 {
            let words = ("选项 \(number)", "choice \(number)")
            entries.append(Entry(command: .choice(number), chinese: words.0, english: words.1))
        }
        for category in categories.map(NaturalKey.code) where !category.isEmpty {
            let words = ("类别 \(category)", "category \(category)")
            entries.append(Entry(command: .category(category), chinese: words.0, english: words.1))
        }
        entries.append(Entry(command: .language(.chinese), chinese: "中文", english: "Chinese"))
        entries.append(Entry(command: .language(.english), chinese: "英文", english: "English"))
        self.entries = entries
    }

    /// What fills in the template `command_card`.
    var data: LabelData {
        .commandCard(entries.map { ($0.command, $0.chinese, $0.english) })
    }

    /// The sheet as an SVG document.
    func svg(using client: ImagingWorkerClient) throws -> String {
        let rows = (entries.count + Self.columns - 1) / Self.columns
        let (width, height) = (Self.columns * Self.cellWidth, rows * Self.cellHeight)
        var svg = """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="210mm" viewBox="0 0 \(width) \(height)" \
            font-family="Noto Sans CJK SC, WenQuanYi Micro Hei, sans-serif" text-anchor="middle">
            <rect width="\(width)" height="\(height)" fill="#fff"/>

            """
        let codes = try client.modules(of: entries.map { QRContent(text: $0.command.text) })
        for (index, (entry, modules)) in zip(entries, codes).enumerated() {
            let left = index % Self.columns * Self.cellWidth
            let top = index / Self.columns * Self.cellHeight
            let middle = left + Self.cellWidth / 2
            let scale = max(2, Self.codeSize / modules.width)
            let codeLeft = middle - scale * modules.width / 2
            svg += """
                <g><path transform="translate(\(codeLeft) \(top + 12)) scale(\(scale))" \
                shape-rendering="crispEdges" d="\(modules.svgPath)"/>
                <text x="\(middle)" y="\(top + 100)" font-size="13">\(Self.escaped(entry.chinese))\
                </text><text x="\(middle)" y="\(top + 114)" font-size="10">\
                \(Self.escaped(entry.english))</text></g>

                """
        }
        return svg + "</svg>\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
