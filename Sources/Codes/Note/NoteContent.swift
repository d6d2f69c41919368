import Tally

/// What a delivery note says; `Wire/note.proto` tells each field's rule.
public struct NoteContent: Hashable, Sendable {
    /// One material in one lot.
    public struct Line: Hashable, Sendable {
        /// From 1 up; unique in the note.
        public var number: Int
        /// Empty for goods sent without an order.
        public var purchaseOrder: String
        /// 0 when the note does not tell the order's line.
        public var purchaseOrderLine: Int
        public var material: String
        public var description: String
        /// Greater than 0.
        public var quantity: Quantity
        /// Empty for material without lots.
        public var lot: String
        public var serials: [String]
        /// SSCCs of 18 digits.
        public var cartons: [String]

        public init(
            number: Int,
            purchaseOrder: String = "",
            purchaseOrderLine: Int = 0,
            material: String,
            description: String = "",
            quantity: Quantity,
            lot: String = "",
            serials: [String] = [],
            cartons: [String] = []
        ) {
            self.number = number
            self.purchaseOrder = purchaseOrder
            self.purchaseOrderLine = purchaseOrderLine
            self.material = material
            self.description = description
            self.quantity = quantity
            self.lot = lot
            self.serials = serials
            self.cartons = cartons
        }
    }

    public var supplier: String
    public var number: String
    public var site: String
    public var issuedAt: Moment
    public var promisedArrival: Moment
    /// Nil for a note that stays good.
    public var expiresAt: Moment?
    public var lines: [Line]

    public init(
        supplier: String,
        number: String,
        site: String,
        issuedAt: Moment,
        promisedArrival: Moment,
        expiresAt: Moment? = nil,
        lines: [Line]
    ) {
        self.supplier = supplier
        self.number = number
        self.site = site
        self.issuedAt = issuedAt
        self.promisedArrival = promisedArrival
        self.expiresAt = expiresAt
        self.lines = lines
    }

    /// The content with codes and numbers in the form of ``NaturalKey``, as notes carry it.
    ///
    /// - Parameter needsLines: whether a note without lines is refused: all are but those that were
    ///   made up for a supplier's own code.
    /// - Returns: the content.
    /// - Throws: ``NoteRefusal/invalid(field:value:)`` for the first field that breaks its rule.
    public func normalised(needsLines: Bool = true) throws(NoteRefusal) -> NoteContent {
        var content = self
        content.supplier = NaturalKey.code(supplier)
        content.number = NaturalKey.number(number)
        content.site = NaturalKey.code(site)
        try Self.require(!content.supplier.isEmpty, "supplier", supplier)
        try Self.require(!content.number.isEmpty, "number", number)
        try Self.require(!content.site.isEmpty, "site", site)
        try Self.require(!lines.isEmpty || !needsLines, "lines", "")
        var numbers: Set<Int> = []
        var identities: Set<String> = []
        for (index, line) in lines.enumerated() {
            let line = try line.normalised(path: "lines[\(index)]")
            try Self.require(
                numbers.insert(line.number).inserted,
                "lines[\(index)].line",
                String(line.number)
            )
            for serial in line.serials {
                try Self.require(
                    identities.insert("\(line.material)\u{0}\(serial)").inserted,
                    "lines[\(index)].serials",
                    serial
                )
            }
            content.lines[index] = line
        }
        return content
    }

    fileprivate static func require(
        _ holds: Bool,
        _ field: String,
        _ value: String
    ) throws(NoteRefusal) {
        guard holds else { throw .invalid(field: field, value: value) }
    }
}

extension NoteContent.Line {
    fileprivate func normalised(path: String) throws(NoteRefusal) -> Self {
        var line = self
        line.material = NaturalKey.code(material)
        line.purchaseOrder = NaturalKey.number(purchaseOrder)
        line.lot = NaturalKey.number(lot)
        line.serials = serials.map(NaturalKey.number)
        line.cartons = cartons.map(NaturalKey.number)
        try NoteContent.require(
            number > 0 && number <= Int(Int32.max),
            "\(path).line",
            String(number)
        )
        try NoteContent.require(
            purchaseOrderLine >= 0 && purchaseOrderLine <= Int(Int32.max),
            "\(path).purchaseOrderLine",
            String(purchaseOrderLine)
        )
        try NoteContent.require(!line.material.isEmpty, "\(path).material", material)
        try NoteContent.require(quantity.amount > 0, "\(path).quantity", quantity.description)
        for serial in line.serials {
            try NoteContent.require(!serial.isEmpty, "\(path).serials", serial)
        }
        for carton in line.cartons {
            try NoteContent.require(
                carton.utf8.count == 18 && CheckDigit.isRight(carton.utf8),
                "\(path).cartons",
                carton
            )
        }
        return line
    }
}
