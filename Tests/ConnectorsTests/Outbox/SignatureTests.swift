import Connectors
import Foundation
import Tally
import Testing

@Suite struct SignatureTests {
    // Computed with Python's hmac, independently.
    @Test func `robots are signed as their makers want it`() {
        #expect(
            RobotSignature.feishu(seconds: 1_700_000_000, secret: "SEC-demo-secret")
                == "zpJYFX2yqUTks2xSVlUNQNLH20Fzou3OQW0O+TUYOOU="
        )
        #expect(
            RobotSignature.dingtalk(milliseconds: 1_700_000_000_000, secret: "SEC-demo-secret")
                == "tN+/QzGTeXPMKA/ju0UFs1oY796Yp40Dhhu5w2g0Rxo="
        )
    }

    private static let body = Array(#"{"id":"1"}"#.utf8)
    private static let now = Moment(milliseconds: 1_790_000_000_000)

    private static func fault(
        _ body: [UInt8] = body,
        timestamp: String = "1790000000",
        signature: String? = nil,
        secret: String = "s",
        now: Moment = now
    ) -> WebhookSignature.Fault? {
        let honest = WebhookSignature.signature(
            of: Self.body,
            seconds: 1_790_000_000,
            secret: "s"
        )
        do throws(WebhookSignature.Fault) {
            try WebhookSignature.check(
                body,
                timestamp: timestamp,
                signature: signature ?? honest,
                secret: secret,
                now: now
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func `a webhook's signature is HMAC-SHA256 over time and body`() {
        #expect(
            WebhookSignature.signature(of: Array("{}".utf8), seconds: 1_700_000_000, secret: "key")
                == "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
        )
    }

    @Test func `an honest call is believed, any other is not`() {
        #expect(Self.fault() == nil)
        #expect(Self.fault(Array("{}".utf8)) == .forged)
        #expect(Self.fault(secret: "t") == .forged)
        #expect(Self.fault(timestamp: "1790000001") == .forged)
        #expect(Self.fault(timestamp: "+1790000000") == .malformed)
        #expect(Self.fault(timestamp: "soon") == .malformed)
        for signature in ["", "v1=", "v1=0", "v1=zz", "v2=00"] {
            let fault = Self.fault(signature: signature)
            #expect(fault == .malformed || fault == .forged, "\(signature)")
        }
    }

    @Test func `a call is good for five minutes`() {
        for (seconds, expected) in [
            (300, nil), (301, .tooOld), (-300, nil), (-301, .tooNew),
        ] as [(Int64, WebhookSignature.Fault?)] {
            let now = Self.now.adding(milliseconds: seconds * 1_000)
            #expect(Self.fault(now: now) == expected, "\(seconds)")
        }
    }

    @Test func `a call that is played again is not believed, an honest repeat is`() throws {
        var window = ReplayWindow()
        func take(_ seconds: Int64, at now: Moment) -> WebhookSignature.Fault? {
            let signature = WebhookSignature.signature(
                of: Self.body,
                seconds: seconds,
                secret: "s"
            )
            do throws(WebhookSignature.Fault) {
                try window.check(
                    Self.body,
                    timestamp: String(seconds),
                    signature: signature,
                    secret: "s",
                    now: now
                )
                return nil
            } catch {
                return error
            }
        }
        #expect(take(1_790_000_000, at: Self.now) == nil)
        #expect(take(1_790_000_000, at: Self.now) == .replayed)
        #expect(take(1_790_000_005, at: Self.now.adding(milliseconds: 5_000)) == nil)
        #expect(take(1_790_000_000, at: Self.now.adding(milliseconds: 290_000)) == .replayed)
        #expect(take(1_790_000_000, at: Self.now.adding(milliseconds: 400_000)) == .tooOld)
    }
}
