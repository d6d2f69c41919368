import Forms
import Tally

/// Builds the trees that files are read into.
func map(_ pairs: [String: FormNode]) -> FormNode { .map(pairs) }

extension FormNode: ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByBooleanLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }
    public init(arrayLiteral elements: FormNode...) { self = .list(elements) }
    public init(dictionaryLiteral pairs: (String, FormNode)...) {
        self = .map(Dictionary(pairs) { _, last in last })
    }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// A form with a question of every type, for a test to spoil.
struct SampleForm {
    var questions: [[String: FormNode]] = [
        [
            "name": "running", "type": "yes_no", "label": ["en": "Running?"], "required": true,
        ],
        [
            "name": "pressure", "type": "decimal", "label": ["en": "Pressure", "zh-CN": "压力"],
            "unit": "MPA", "limits": ["low": .number("0.40"), "high": .number("0.80")],
            "required": true, "relevant": "${running} = 'yes'", "constraint": ". >= 0",
        ],
        [
            "name": "hours", "type": "integer", "label": ["en": "Hours"], "unit": "HUR",
        ],
        [
            "name": "leak", "type": "yes_no", "label": ["en": "Leak?"],
            "limits": ["good": [false]], "severe": true,
        ],
        [
            "name": "belt", "type": "select_one", "label": ["en": "Belt"],
            "choices": [
                ["name": "good", "label": ["en": "Good"]],
                ["name": "worn", "label": ["en": "Worn"]],
                ["name": "torn", "label": ["en": "Torn"]],
            ],
            "limits": ["good": ["good", "worn"]],
        ],
        [
            "name": "leak_photo", "type": "photo", "label": ["en": "Photo"],
            "relevant": "${leak} = 'yes' and ${belt} != 'torn'",
        ],
        ["name": "remark", "type": "text", "label": ["en": "Remark"], "hint": ["en": "Words"]],
        ["name": "thanks", "type": "note", "label": ["en": "Thank you"]],
    ]
    var version = "1"

    var node: FormNode {
        [
            "code": "sample", "version": .number(version), "title": ["en": "Sample"],
            "questions": .list(questions.map(FormNode.map)),
        ]
    }

    func form() throws(FormRefusal) -> FormDefinition { try FormDefinition(node: node) }
}

extension Quantity {
    /// A quantity in a test; a typing error in the test gives nil and fails it.
    static func of(_ text: String, _ unit: String) -> Quantity? {
        Unit(unit).flatMap { Quantity(text: text, unit: $0) }
    }
}
