import Sync
import Testing

@Suite struct EnrolmentTokenTests {
    @Test func `a token is read as people type it`() {
        let token = EnrolmentToken(code: "0123456789ABCDEF", pin: "GHJKMNPQRSTVWXYZ")
        #expect(token.text == "0123456789ABCDEF-GHJKMNPQRSTVWXYZ")
        for text in [
            token.text, token.text.lowercased(), " " + token.text + "\n",
            "O1 23456789ABCDEF - GHJKMNPQRSTVWXYZ", "oi23456789abcdef-ghjkmnpqrstvwxyz",
        ] {
            #expect(EnrolmentToken(text: text) == token, "\(text)")
        }
        #expect(EnrolmentToken(text: "0123456789ABCDEF").pin == nil)
        #expect(EnrolmentToken(text: "").code == "")
    }

    @Test func `a pin is the start of the certificate's hash`() {
        // SHA-256 of nothing begins e3 b0 c4 42 98 fc 1c 14 9a fb: 80 bits, 5 a character.
        #expect(EnrolmentToken.pin(of: []) == "WERC8GMRZGE196QV")
        #expect(EnrolmentToken.pin(of: [1]) != EnrolmentToken.pin(of: [2]))
    }
}
