import Connectors
import Foundation
import Tally
import Testing

@Suite struct BodyTemplateTests {
    private static let nasty = "a\"b\\c\n\u{1}<&>{{key}}中/?"

    private static let message = OutboundMessage(
        key: .derived("told", "1"),
        topic: "arrival_order",
        site: "SZ1",
        entity: .derived("order", "1"),
        isRepeat: true,
        content: .map([
            "number": .text("AO-1"), "note": .text(nasty),
            "lines": .list([
                .map(["counted": .number("1.50"), "is_last": .bool(false)]),
                .map(["counted": .number("2"), "is_last": .bool(true)]),
            ]),
        ])
    )

    @Test func `whatever a person typed stays a text in JSON`() throws {
        let template = try BodyTemplate(
            """
            {"note": "{{note}}", "deep": "{{content.note}}", "again": {{repeat}},
            "counted": [{{#lines}}{{counted}}{{^is_last}}, {{/is_last}}{{/lines}}]}
            """,
            .json
        )
        let text = template.text(Self.message)
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(value?["note"] as? String == Self.nasty)
        #expect(value?["deep"] as? String == Self.nasty)
        #expect(value?["again"] as? Bool == true)
        #expect(text.contains("[1.50, 2]"))
    }

    @Test func `whatever a person typed stays one value of an address`() throws {
        let template = try BodyTemplate("https://erp/orders?note={{note}}&key={{key}}", .query)
        let address = try #require(URLComponents(string: template.text(Self.message)))
        let values = address.queryItems?.map { $0.value ?? "" }
        #expect(values == [Self.nasty, Self.message.key.description])
        #expect(address.host == "erp")
    }

    @Test func `a template that does not end is refused`() {
        #expect(throws: (any Error).self) { try BodyTemplate("{{#lines}}", .json) }
    }

    @Test func `JSON is written as it is read elsewhere`() throws {
        let tree = JSONTree.map([
            "b": .list([.null, .bool(true), .number("1.50")]), "a": .text(Self.nasty),
        ])
        let value = try JSONSerialization.jsonObject(with: Data(tree.json.utf8)) as? [String: Any]
        #expect(value?["a"] as? String == Self.nasty)
        #expect(tree.json.hasSuffix(#","b":[null,true,1.50]}"#))
    }
}
