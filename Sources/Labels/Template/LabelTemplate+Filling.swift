extension LabelTemplate {
    /// Pages of one label: enough for every real delivery note.
    public static let pageCountMax = 100

    /// Fills the template in.
    ///
    /// - Parameters:
    ///   - data: a value for every name that the template asks for.
    ///   - language: `zh-CN` or `en`.
    /// - Returns: at least one page.
    /// - Throws: ``LabelRefusal`` when a value is missing or the lists are too long.
    public func pages(_ data: LabelData, language: String) throws(LabelRefusal) -> [LabelSheet] {
        let count = try pageCount(data)
        var pages: [LabelSheet] = []
        for index in 0..<count {
            var fields = data.fields
            fields["page"] = String(index + 1)
            fields["pages"] = String(count)
            var filling = Filling(label: name, language: language, lists: data.lists, page: index)
            try filling.add(elements, fields, x: 0, y: 0)
            pages.append(LabelSheet(width: width, height: height, elements: filling.elements))
        }
        return pages
    }

    private func pageCount(_ data: LabelData) throws(LabelRefusal) -> Int {
        var count = 1
        for element in elements {
            guard case .cells(let list, let width, let height, _) = element.content else {
                continue
            }
            let capacity = element.capacity(width, height)
            guard data.lists[list] != nil || data.fields[list] == nil else {
                throw .notAList(list, label: name)
            }
            let items = data.lists[list]?.count ?? 0
            count = max(count, (items + capacity - 1) / capacity)
        }
        guard count <= Self.pageCountMax else {
            throw .tooManyPages(name, pages: count, pagesMax: Self.pageCountMax)
        }
        return count
    }

    /// One page being filled in.
    private struct Filling {
        let label: String
        let language: String
        let lists: [String: [[String: String]]]
        let page: Int
        var elements: [LabelElement] = []

        mutating func add(
            _ parts: [Element],
            _ fields: [String: String],
            x: Int,
            y: Int
        ) throws(LabelRefusal) {
            for part in parts {
                if part.pages == .first, page > 0 { continue }
                if let field = part.condition, fields[field, default: ""].isEmpty { continue }
                try add(part, fields, part.box.moved(x: x, y: y))
            }
        }

        private mutating func add(
            _ part: Element,
            _ fields: [String: String],
            _ box: LabelBox
        ) throws(LabelRefusal) {
            switch part.content {
            case .text(let wording, let style):
                let text = try filled(wording.text(language), fields)
                elements.append(
                    .text(
                        LabelText(
                            text: text,
                            box: box,
                            size: style.size,
                            sizeMin: style.sizeMin,
                            linesMax: style.linesMax,
                            isBold: style.isBold,
                            horizontal: style.horizontal,
                            vertical: style.vertical
                        )
                    )
                )
            case .code(let kind, let content, let level):
                let text = try filled(content, fields)
                elements.append(
                    .code(LabelCode(kind: kind, content: text, level: level, box: box))
                )
            case .line: elements.append(.line(box))
            case .frame(let stroke): elements.append(.frame(box, stroke: stroke))
            case .image(let png): elements.append(.image(box, png: png))
            case .cells(let list, let width, let height, let inner):
                try addCells(list, width, height, inner, fields, box)
            }
        }

        private mutating func addCells(
            _ list: String,
            _ width: Int,
            _ height: Int,
            _ inner: [Element],
            _ fields: [String: String],
            _ box: LabelBox
        ) throws(LabelRefusal) {
            let columns = max(1, box.width / width)
            let capacity = columns * max(1, box.height / height)
            let items = (lists[list] ?? []).dropFirst(page * capacity).prefix(capacity)
            for (index, item) in items.enumerated() {
                let merged = fields.merging(item) { $1 }
                try add(
                    inner,
                    merged,
                    x: box.x + index % columns * width,
                    y: box.y + index / columns * height
                )
            }
        }

        /// The text with its names in braces filled in.
        private func filled(
            _ text: String,
            _ fields: [String: String]
        ) throws(LabelRefusal) -> String {
            var filled = ""
            var rest = text[...]
            while let open = rest.firstIndex(of: "{"),
                let close = rest[open...].firstIndex(of: "}")
            {
                filled += rest[..<open]
                var name = rest[rest.index(after: open)..<close]
                let isOptional = name.last == "?"
                if isOptional { name = name.dropLast() }
                if let value = fields[String(name)] {
                    filled += value
                } else if !isOptional {
                    throw lists[String(name)] == nil
                        ? .missingField(String(name), label: label)
                        : .notAText(String(name), label: label)
                }
                rest = rest[rest.index(after: close)...]
            }
            return filled + rest
        }
    }
}

extension LabelTemplate.Element {
    /// How many cells of this size the element has room for.
    fileprivate func capacity(_ width: Int, _ height: Int) -> Int {
        max(1, box.width / width) * max(1, box.height / height)
    }
}
