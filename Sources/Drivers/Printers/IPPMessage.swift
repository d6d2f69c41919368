// IPP's encoding (RFC 8010, section 3):
//
//   message     version 2 bytes, operation or status 2 bytes, request number 4 bytes, groups, 0x03
//   group       tag 1 byte (below 0x10), attributes
//   attribute   value tag 1 byte, name length 2 bytes, name, value length 2 bytes, value; further
//               values of the same attribute have a name of length 0

/// An IPP request or answer.
struct IPPMessage: Hashable {
    /// What is asked (RFC 8011, section 5.4.15).
    enum Operation: UInt16 {
        case printJob = 0x0002
        case cancelJob = 0x0008
        case getJobAttributes = 0x0009
        case getJobs = 0x000A
        case getPrinterAttributes = 0x000B
    }

    enum Group: UInt8 {
        case operation = 0x01
        case job = 0x02
        case end = 0x03
        case printer = 0x04
    }

    enum Value: Hashable {
        case integer(Int32)
        case boolean(Bool)
        case keyword(String)
        case name(String)
        case uri(String)
        case charset(String)
        case language(String)
        case mimeType(String)
        /// Anything else, by its tag.
        case other(UInt8, [UInt8])
    }

    struct Attribute: Hashable {
        let name: String
        var values: [Value]
    }

    /// The operation of a request, the status of an answer: below 0x0100 is success.
    var code: UInt16
    var number: UInt32 = 1
    var groups: [(tag: UInt8, attributes: [Attribute])] = []

    static func == (one: Self, other: Self) -> Bool { one.encoded() == other.encoded() }

    func hash(into hasher: inout Hasher) { hasher.combine(encoded()) }

    /// A request about a printer.
    init(_ operation: Operation, printer: String, user: String, _ more: [Attribute] = []) {
        code = operation.rawValue
        groups = [
            (
                Group.operation.rawValue,
                [
                    Attribute(name: "attributes-charset", values: [.charset("utf-8")]),
                    Attribute(name: "attributes-natural-language", values: [.language("en")]),
                    Attribute(name: "printer-uri", values: [.uri(printer)]),
                ] + more.filter { $0.name == "job-id" } + [
                    Attribute(name: "requesting-user-name", values: [.name(user)])
                ] + more.filter { $0.name != "job-id" }
            )
        ]
    }

    /// The first value of an attribute in a group.
    static func value(_ name: String, in attributes: [Attribute]) -> Value? {
        attributes.first { $0.name == name }?.values.first
    }

    /// Attributes of every group of this kind: for a list of jobs, one a job.
    func all(_ group: Group) -> [[Attribute]] {
        groups.filter { $0.tag == group.rawValue }.map(\.attributes)
    }

    // MARK: - Encoding

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = [2, 0] + Self.big(code)
        bytes += Self.big(UInt16(number >> 16)) + Self.big(UInt16(number & 0xFFFF))
        for group in groups {
            bytes.append(group.tag)
            for attribute in group.attributes {
                for (index, value) in attribute.values.enumerated() {
                    let (tag, content) = value.encoded
                    let name = index == 0 ? Array(attribute.name.utf8) : []
                    bytes.append(tag)
                    bytes += Self.big(UInt16(name.count)) + name
                    bytes += Self.big(UInt16(content.count)) + content
                }
            }
        }
        return bytes + [Group.end.rawValue]
    }

    private static func big(_ value: UInt16) -> [UInt8] {
        [UInt8(value >> 8), UInt8(value & 255)]
    }

    /// Reads an answer; nil when it is none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 8 else { return nil }
        var index = 2
        func two() -> UInt16? {
            guard index + 2 <= bytes.count else { return nil }
            defer { index += 2 }
            return UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
        }
        func string() -> [UInt8]? {
            guard let count = two(), index + Int(count) <= bytes.count else { return nil }
            defer { index += Int(count) }
            return Array(bytes[index..<index + Int(count)])
        }
        guard let code = two(), let high = two(), let low = two() else { return nil }
        self.code = code
        number = UInt32(high) << 16 | UInt32(low)
        while index < bytes.count {
            let tag = bytes[index]
            index += 1
            if tag == Group.end.rawValue { return }
            if tag < 0x10 {
                groups.append((tag, []))
                continue
            }
            guard !groups.isEmpty, let name = string(), let content = string() else { return nil }
            let value = Value(tag: tag, content)
            let last = groups.count - 1
            if name.isEmpty, !groups[last].attributes.isEmpty {
                groups[last].attributes[groups[last].attributes.count - 1].values.append(value)
            } else {
                let text = String(decoding: name, as: UTF8.self)
                groups[last].attributes.append(Attribute(name: text, values: [value]))
            }
        }
        return nil
    }
}

extension IPPMessage.Value {
    fileprivate var encoded: (UInt8, [UInt8]) {
        switch self {
        case .integer(let value):
            let bits = UInt32(bitPattern: value)
            return (0x21, (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * $0)) })
        case .boolean(let value): return (0x22, [value ? 1 : 0])
        case .keyword(let text): return (0x44, Array(text.utf8))
        case .name(let text): return (0x42, Array(text.utf8))
        case .uri(let text): return (0x45, Array(text.utf8))
        case .charset(let text): return (0x47, Array(text.utf8))
        case .language(let text): return (0x48, Array(text.utf8))
        case .mimeType(let text): return (0x49, Array(text.utf8))
        case .other(let tag, let bytes): return (tag, bytes)
        }
    }

    fileprivate init(tag: UInt8, _ content: [UInt8]) {
        func text() -> String { String(decoding: content, as: UTF8.self) }
        switch tag {
        case 0x21, 0x23:
            guard content.count == 4 else {
                self = .other(tag, content)
                return
            }
            self = .integer(Int32(bitPattern: content.reduce(0) { $0 << 8 | UInt32($1) }))
        case 0x22: self = .boolean(content.first == 1)
        case 0x44: self = .keyword(text())
        case 0x41, 0x42: self = .name(text())
        case 0x45: self = .uri(text())
        case 0x49: self = .mimeType(text())
        default: self = .other(tag, content)
        }
    }

    /// The number; nil for anything else.
    var number: Int? {
        if case .integer(let value) = self { Int(value) } else { nil }
    }

    /// The text; empty for anything else.
    var text: String {
        switch self {
        case .keyword(let text), .name(let text), .uri(let text), .mimeType(let text): text
        default: ""
        }
    }
}
