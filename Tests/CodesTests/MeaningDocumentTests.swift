import Codes
import Tally
import Testing

@Suite struct MeaningDocumentTests {
    private func json(_ text: String) throws -> String {
        let parser = CodeParser(compressor: Fixture.compressor)
        let document: MeaningDocument
        do {
            document = MeaningDocument(try parser.meaning(of: text))
        } catch {
            document = MeaningDocument(refusal: error)
        }
        return String(decoding: try document.json(), as: UTF8.self)
    }

    @Test(arguments: [
        ("abc", #"{"meaning":"plain","text":"abc"}"#),
        ("TM:W:w1", #"{"badge":"W1","meaning":"worker"}"#),
        ("TM:B:a-1", #"{"bin":"A-1","meaning":"bin"}"#),
        ("tm:c:qty:40", #"{"command":"QTY:40","meaning":"command"}"#),
        ("https://a.example/8004/x1", #"{"meaning":"plate","tag":"X1"}"#),
        (
            "(10)A",
            #"{"bracketed":"(10)A","elementString":"^10A","#
                + #""elements":[{"identifier":"10","value":"A"}],"#
                + #""meaning":"gs1","unbracketed":"^10A","valid":true}"#
        ),
        (
            "[)>\u{1E}06\u{1D}P7\u{1E}\u{04}",
            #"{"fields":[{"form":"an","format":"06","identifier":"P","kind":"part","value":"7"}],"#
                + #""meaning":"iso15434"}"#
        ),
        (
            "(01)1",
            #"{"elements":[{"identifier":"01","value":"1"}],"#
                + #""error":"codes.gs1_too_short","identifier":"01","position":6,"#
                + #""reason":"codes.gs1_too_short identifier=01 position=6","valid":false}"#
        ),
        (
            "TM:C:FLY",
            #"{"error":"codes.command_unknown","reason":"codes.command_unknown verb=FLY"}"#
        ),
    ])
    func `each meaning has its JSON`(text: String, expected: String) throws {
        #expect(try json(text) == expected)
    }

    @Test func `a note shows its content and its key`() throws {
        let json = try json(Fixture.text())
        #expect(json.hasPrefix(#"{"key":""#))
        #expect(json.contains(#""meaning":"note""#))
        #expect(json.contains(#""number":"DN-2026-0042""#))
    }
}
