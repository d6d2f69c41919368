/// How a kind of label looks: its size, and what stands where.
///
/// Contents are texts with names in braces, `{tag}`, which a label's data fill in; `{lot?}` may be
/// missing. Lengths are micrometres.
public struct LabelTemplate: Hashable, Sendable {
    /// A text a language; the one under "" is for all.
    public struct Wording: Hashable, Sendable {
        public let texts: [String: String]

        public init(_ texts: [String: String]) { self.texts = texts }

        /// The text in a language, else in English, else in any.
        func text(_ language: String) -> String {
            texts[language] ?? texts[""] ?? texts["en"] ?? texts.min { $0.key < $1.key }?.value
                ?? ""
        }
    }

    /// How a text is set.
    public struct Style: Hashable, Sendable {
        public var size = 3_000
        public var sizeMin = 1_800
        public var linesMax = 1
        public var isBold = false
        public var horizontal = LabelText.Place.start
        public var vertical = LabelText.Place.center

        public init() {}
    }

    /// What an element shows.
    public indirect enum Content: Hashable, Sendable {
        case text(Wording, Style)
        case code(LabelCode.Kind, String, level: String)
        case line
        case frame(stroke: Int)
        case image([UInt8])
        /// One cell an item of a list, row by row; what does not fit goes on the next page.
        case cells(list: String, width: Int, height: Int, elements: [Element])
    }

    /// On which pages of a label that needs several an element stands.
    public enum Pages: String, Hashable, Sendable, CaseIterable {
        case all
        case first
    }

    /// One thing of the template.
    public struct Element: Hashable, Sendable {
        /// What refusals call it: its place in the file.
        public let name: String
        public let content: Content
        public let box: LabelBox
        public let pages: Pages
        /// A field that must have a value for the element to be drawn; nil for always.
        public let condition: String?

        public init(
            name: String,
            content: Content,
            box: LabelBox,
            pages: Pages = .all,
            condition: String? = nil
        ) {
            self.name = name
            self.content = content
            self.box = box
            self.pages = pages
            self.condition = condition
        }
    }

    /// What commands call it.
    public let name: String
    /// What people call it.
    public let title: Wording
    public let width: Int
    public let height: Int
    public let elements: [Element]

    /// A template whose elements lie inside it and never cover a code.
    ///
    /// - Throws: ``LabelRefusal/outside(_:element:)``,
    ///   ``LabelRefusal/overlap(_:element:other:)``.
    public init(
        name: String,
        title: Wording,
        width: Int,
        height: Int,
        elements: [Element]
    ) throws(LabelRefusal) {
        self.name = name
        self.title = title
        self.width = width
        self.height = height
        self.elements = elements
        try check(elements, width, height)
    }

    /// The title in a language.
    public func title(_ language: String) -> String { title.text(language) }

    private func check(
        _ elements: [Element],
        _ width: Int,
        _ height: Int
    ) throws(LabelRefusal) {
        let whole = LabelBox(x: 0, y: 0, width: width, height: height)
        for (index, element) in elements.enumerated() {
            guard whole.contains(element.box), element.box.width > 0, element.box.height > 0 else {
                throw .outside(name, element: element.name)
            }
            if case .cells(_, let cellWidth, let cellHeight, let inner) = element.content {
                guard cellWidth <= element.box.width, cellHeight <= element.box.height else {
                    throw .outside(name, element: element.name)
                }
                try check(inner, cellWidth, cellHeight)
            }
            for other in elements[..<index] where element.collides(with: other) {
                throw .overlap(name, element: element.name, other: other.name)
            }
        }
    }
}

extension LabelTemplate.Element {
    /// Whether one of the two is a code, or holds codes, and the other would touch it; a frame may
    /// surround a code.
    fileprivate func collides(with other: Self) -> Bool {
        guard holdsCode || other.holdsCode, box.overlaps(other.box) else { return false }
        if case .frame(let stroke) = content { return !box.inner(stroke).contains(other.box) }
        if case .frame(let stroke) = other.content { return !other.box.inner(stroke).contains(box) }
        return true
    }

    private var holdsCode: Bool {
        switch content {
        case .code: true
        case .cells(_, _, _, let elements): elements.contains(where: \.holdsCode)
        default: false
        }
    }
}

extension LabelBox {
    /// What is left inside a stroke of this thickness.
    fileprivate func inner(_ stroke: Int) -> LabelBox {
        LabelBox(
            x: x + stroke,
            y: y + stroke,
            width: width - 2 * stroke,
            height: height - 2 * stroke
        )
    }
}
