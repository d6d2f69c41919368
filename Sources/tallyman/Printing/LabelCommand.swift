import ArgumentParser
import Drivers
import Foundation
import Imaging
import Labels
import Tally
import Web

/// `tallyman label`: labels as files, from the templates.
struct LabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Make labels from the templates as files, and check templates.",
        subcommands: [List.self, Make.self, Check.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Name the templates.")

        func run() throws {
            try Talk.refusing {
                let library = LabelLibrary(try Texts.folder())
                for name in library.names {
                    let template = try library.template(name)
                    let (width, height) = (template.width / 1_000, template.height / 1_000)
                    Output.result("\(name)  \(width) x \(height) mm  \(template.title("en"))")
                }
            }
        }
    }

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fill a template in and write the label.",
            discussion: """
                PNG and SVG hold a page; further pages go beside it, NAME-2.png and so on.
                """
        )

        @Argument(help: "The template's name.")
        var template: String

        @Option(help: "A JSON file with the fields, and lists for repeated parts.")
        var fields: String

        @Option(help: "Where to write: FILE.png, .svg, .pdf, .zpl, .tspl or .escpos.")
        var out: String

        @OptionGroup var look: LabelLook

        func run() throws {
            let form = try PictureForm(path: out)
            let json = try FileBytes.read(fields)
            try Talk.refusing {
                let library = LabelLibrary(try Texts.folder())
                let data = try LabelDataFile.read(json)
                let label = try library.filled(template, data, language: look.language)
                try LabelFiles(look: look).write(label.pages, form, to: out)
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is wrong in the templates of this installation."
        )

        func run() throws {
            let library = LabelLibrary(try Texts.folder())
            var isSound = true
            for name in library.names {
                do {
                    _ = try library.template(name)
                    Output.result("\(name): sound")
                } catch {
                    isSound = false
                    Talk.line("\(name): \(Talk.reason(error))")
                }
            }
            if !isSound { throw ExitCode.failure }
        }
    }
}

/// How a label is drawn.
struct LabelLook: ParsableArguments {
    @Option(help: "The label's language: zh-CN or en.")
    var language = "zh-CN"

    @Option(help: "Dots an inch of PNG and of the printers' languages, 100 to 1200.")
    var resolution = 203

    func validate() throws {
        guard ["zh-CN", "en"].contains(language) else {
            throw ValidationError("--language is zh-CN or en, not '\(language)'")
        }
        guard (100...1_200).contains(resolution) else {
            throw ValidationError("--resolution is 100 to 1200, not \(resolution)")
        }
    }
}

/// Labels as files.
struct LabelFiles {
    let look: LabelLook

    private var client: ImagingWorkerClient { ImagingWorkerClient(timeout: .seconds(60)) }

    /// Writes a label.
    ///
    /// - Parameters:
    ///   - pages: at least one.
    ///   - form: what the path's ending asks for.
    ///   - path: of the first page, where a page is a file.
    /// - Throws: a refusal to draw it, or that a file cannot be written.
    func write(_ pages: [LabelSheet], _ form: PictureForm, to path: String) throws {
        let files: [[UInt8]]
        switch form {
        case .png: files = try client.files(of: pages, as: .png(resolution: look.resolution))
        case .svg: files = try client.files(of: pages, as: .svg)
        case .pdf: files = try client.files(of: pages, as: .pdf)
        case .zpl, .tspl, .escpos: files = [try printed(pages, form)]
        }
        for (index, file) in files.enumerated() {
            try FileBytes.write(file, index == 0 ? path : Self.path(path, page: index + 1))
        }
    }

    private func printed(_ pages: [LabelSheet], _ form: PictureForm) throws -> [UInt8] {
        let dots = try client.dots(of: pages, resolution: look.resolution)
        let language = form.language
        return language.stream(dots, resolution: look.resolution, copies: 1).bytes
    }

    private static func path(_ path: String, page: Int) -> String {
        let url = URL(fileURLWithPath: path)
        let name = url.deletingPathExtension().lastPathComponent + "-\(page)"
        return url.deletingLastPathComponent()
            .appendingPathComponent(name + "." + url.pathExtension).path
    }
}
