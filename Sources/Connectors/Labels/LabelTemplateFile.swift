import Forms
import Labels
import Tally

/// Reads label templates from YAML (`Templates/Labels`).
///
/// Lengths there are millimetres with up to three decimals, positions `[x, y]` from the upper left
/// corner.
public enum LabelTemplateFile {
    /// Reads a template.
    ///
    /// - Parameters:
    ///   - name: the file's name; without its ending it is the template's.
    ///   - bytes: its content.
    ///   - image: gives the bytes of a PNG file that the template names.
    /// - Returns: a template whose parts lie inside it, none over a code.
    /// - Throws: ``ImportRefusal`` for a broken file, ``LabelFileRefusal`` naming the line, or
    ///   `LabelRefusal` for a layout that cannot be.
    public static func read(
        name: String,
        bytes: [UInt8],
        image: @escaping (String) throws -> [UInt8]
    ) throws -> LabelTemplate {
        let tree = try DefinitionTree(name: name, bytes: bytes)
        do {
            let root = FormNodeReader(tree.node)
            try root.checkKeys(["title", "size", "elements"])
            let size = try root.required("size").pair()
            let elements = try root.required("elements").list().map { node in
                try LabelElementReader(node: node, line: tree.line(of: node.path), image: image)
                    .element(lineOf: tree.line)
            }
            return try LabelTemplate(
                name: name.split(separator: ".").first.map(String.init) ?? name,
                title: try root.required("title").wording(),
                width: size.0,
                height: size.1,
                elements: elements
            )
        } catch let refusal as FormRefusal {
            throw LabelFileRefusal(refusal, in: tree, file: name)
        }
    }
}

/// What is wrong in a label template, and on which line.
public struct LabelFileRefusal: Refusal, Equatable {
    public let file: String
    public let line: Int
    public let detail: String

    init(_ refusal: FormRefusal, in tree: DefinitionTree, file: String) {
        self.file = file
        guard case .definition(let fault, let path, let read, let expected) = refusal else {
            line = 1
            detail = refusal.plainText
            return
        }
        line = tree.line(of: path)
        detail = [path, "\(fault)", read, expected].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    public var code: ProblemCode { "connectors.label_template" }

    public var facts: [String: String] {
        ["file": file, "line": String(line), "detail": detail]
    }
}

/// Reads one element of a template.
private struct LabelElementReader {
    let node: FormNodeReader
    let line: Int
    let image: (String) throws -> [UInt8]

    private static let place: Set<String> = ["at", "size", "pages", "when"]
    private static let kinds: [String: Set<String>] = [
        "text": ["font", "smallest", "lines", "bold", "align", "vertical"],
        "qr": ["level"], "code128": [], "gs1_128": [], "line": [], "frame": [], "image": [],
        "cells": ["cell", "elements"],
    ]

    func element(lineOf: (String) -> Int) throws -> LabelTemplate.Element {
        let keys = Set(try node.entries().map(\.key))
        guard let kind = Self.kinds.keys.sorted().first(where: keys.contains) else {
            throw node.refusal(.missing, expected: Self.kinds.keys.sorted().joined(separator: ", "))
        }
        try node.checkKeys(Self.place.union(Self.kinds[kind] ?? []).union([kind]))
        let at = try node.required("at").pair()
        let size = try node.required("size").pair()
        let pages = try node.optional("pages").map { node in
            guard let pages = LabelTemplate.Pages(rawValue: try node.text()) else {
                throw node.refusal(.wrongKind, expected: "all, first")
            }
            return pages
        }
        return LabelTemplate.Element(
            name: "\(kind) (\(line))",
            content: try content(kind, lineOf),
            box: LabelBox(x: at.0, y: at.1, width: size.0, height: size.1),
            pages: pages ?? .all,
            condition: try node.optional("when")?.text()
        )
    }

    private func content(
        _ kind: String,
        _ lineOf: (String) -> Int
    ) throws -> LabelTemplate.Content {
        let value = try node.required(kind)
        switch kind {
        case "text": return .text(try value.wording(), try style())
        case "qr":
            let level = try node.optional("level")?.text() ?? "M"
            guard ["L", "M", "Q", "H"].contains(level) else {
                throw node.refusal(.wrongKind, at: "level", expected: "L, M, Q, H")
            }
            return .code(.qr, try value.text(), level: level)
        case "code128": return .code(.code128, try value.text(), level: "")
        case "gs1_128": return .code(.gs1Code128, try value.text(), level: "")
        case "line": return .line
        case "frame": return .frame(stroke: try value.length())
        case "image": return .image(try image(try value.text()))
        default:
            let cell = try node.required("cell").pair()
            let elements = try node.required("elements").list().map { inner in
                try LabelElementReader(node: inner, line: lineOf(inner.path), image: image)
                    .element(lineOf: lineOf)
            }
            return .cells(
                list: try value.text(),
                width: max(1, cell.0),
                height: max(1, cell.1),
                elements: elements
            )
        }
    }

    private func style() throws -> LabelTemplate.Style {
        var style = LabelTemplate.Style()
        if let font = try node.optional("font") { style.size = try font.length() }
        style.sizeMin = try node.optional("smallest")?.length() ?? min(style.size, 1_800)
        if let lines = try node.optional("lines") { style.linesMax = min(try lines.count(), 100) }
        style.isBold = try node.optional("bold")?.bool() ?? false
        style.horizontal = try node.optional("align")?.place(["left", "center", "right"]) ?? .start
        let vertical = try node.optional("vertical")
        style.vertical = try vertical?.place(["top", "middle", "bottom"]) ?? .center
        return style
    }
}

extension FormNodeReader {
    /// A length of up to 999 mm, in micrometres.
    fileprivate func length() throws(FormRefusal) -> Int {
        let text = try text()
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int(parts[0]), (0...999).contains(whole),
            let fraction = Int((parts.count == 2 ? parts[1] + "000" : "000").prefix(3)),
            parts.count == 1 || parts[1].count <= 3, fraction >= 0
        else { throw refusal(.badNumber, expected: "0 … 999.999") }
        return whole * 1_000 + fraction
    }

    fileprivate func pair() throws(FormRefusal) -> (Int, Int) {
        let list = try list()
        guard list.count == 2 else { throw refusal(.wrongKind, expected: "[mm, mm]") }
        return (try list[0].length(), try list[1].length())
    }

    /// A text, or a text a language.
    fileprivate func wording() throws(FormRefusal) -> LabelTemplate.Wording {
        guard case .map = node else { return LabelTemplate.Wording(["": try text()]) }
        var texts: [String: String] = [:]
        for (language, value) in try entries() { texts[language] = try value.text() }
        return LabelTemplate.Wording(texts)
    }

    /// One of three words, in the order of `LabelText.Place`.
    fileprivate func place(_ words: [String]) throws(FormRefusal) -> LabelText.Place {
        guard let index = words.firstIndex(of: try text()),
            let place = LabelText.Place(rawValue: UInt8(index))
        else { throw refusal(.wrongKind, expected: words.joined(separator: ", ")) }
        return place
    }
}
