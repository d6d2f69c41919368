import Agent
import Codes
import Foundation
import HTTPTypes
import NodePlant
import Sync
import Tally
import Testing
import Web

@Suite struct KioskPagesTests {
    private let plant: NodePlant

    init() throws { plant = try NodePlant(terminals: 1) }

    private func badge(_ worker: String = "W1") -> String { WorkerBadge.text(badge: worker) }

    @Test func `a page asks for a badge first and says what is unsynced`() async throws {
        var browser = try await Browser(plant)
        let page = try await browser.send(.get, "/", accept: "text/html")
        #expect(page.status == 200)
        #expect(page.type == "text/html; charset=utf-8")
        #expect(page.text.contains("data-place=\"sign_in\""))
        #expect(page.text.contains("全部已同步"))
        #expect(
            page.cookies.allSatisfy { $0.contains("SameSite=Strict") && $0.contains("HttpOnly") }
        )
        let refused = try await browser.scan(CommandCode.report.text)
        #expect(refused["tone"] == "wrong")
        #expect(refused["message"].contains("请先扫描工牌"))
    }

    @Test func `every workflow is reached by scans alone, in both languages`() async throws {
        let paper = try plant.makeNote(plant.note())
        let plate = try Plate(tag: "LAT-01").text()
        for language in CommandCode.Language.allCases {
            var browser = try await Browser(plant)
            _ = try await browser.scan(CommandCode.language(language).text)
            let home = try await browser.scan(badge())
            #expect(home["main"].contains("data-place=\"home\""))
            #expect(home["language"] == language.rawValue)
            let receipt = try await browser.scan(paper)
            #expect(receipt["main"].contains("data-place=\"receipt\""))
            #expect(receipt["main"].contains("DN-1"))
            let seen = try await browser.scan("00069012340000000016")
            #expect(seen["tone"] == (language == .chinese ? "good" : "again"))
            let inspection = try await browser.scan(plate)
            #expect(inspection["main"].contains("Does the guard close?"))
            let bad = try await browser.scan(CommandCode.no.text)
            #expect(bad["tone"] == "wrong")
            #expect(bad["main"].contains("data-place=\"hazard\""))
            let goesOn = try await browser.scan(CommandCode.no.text)
            #expect(goesOn["tone"] == "attention")
            #expect(goesOn["main"].contains("MPa"))
            for text in [CommandCode.report.text, plate, CommandCode.choice(1).text] {
                #expect(try await browser.scan(text)["tone"] == "good")
            }
            let report = try await browser.scan(CommandCode.ok.text)
            #expect(report["main"].contains("data-place=\"exception\""))
            #expect(!report["main"].contains("kiosk."), "a text is missing")
        }
        let status = try await Browser(plant).shell.status()
        #expect(status.unsynced > 0)
    }

    @Test func `what people wrote is shown as they wrote it, never as a page`() async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        _ = try await browser.scan(CommandCode.report.text)
        let attack = "<script>alert('x')</script> \"&{name}"
        let page = try await browser.scan(attack)
        #expect(!page["main"].contains("<script"))
        #expect(page["main"].contains("&lt;script&gt;"))
        _ = try await browser.scan(try Plate(tag: "LAT-01").text())
        _ = try await browser.scan(CommandCode.choice(1).text)
        let made = try await browser.scan(CommandCode.ok.text)
        #expect(made["main"].contains("&lt;script&gt;"))
        #expect(made["main"].contains("{name}"))
        let unknown = try await browser.scan("<img src=x onerror=alert(1)>")
        // On the page of a report these are a person's words too.
        #expect(unknown["main"].contains("&lt;img"))
        #expect(!unknown["main"].contains("<img"))
    }

    @Test(arguments: [
        ("A", 4097, 413, "4096"),
        ("机", 40_000, 413, "4096"),
        ("   \r\n", 1, 400, "没有读到内容"), ("A\u{7}B", 1, 400, "U+0007"),
    ]) func `a text that no code has is refused and changes nothing`(
        text: String,
        times: Int,
        status: Int,
        says: String
    ) async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        let before = plant.terminals[0].store.operationCount
        let answer = try await browser.scan(String(repeating: text, count: times))
        #expect(answer.status == status)
        #expect(answer["tone"] == "wrong")
        #expect(answer["message"].contains(says))
        #expect(answer["main"].contains("data-place=\"home\""))
        #expect(plant.terminals[0].store.operationCount == before)
    }

    @Test func `garbage instead of a request is refused`() async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        for (body, type) in [
            ("{\"text\": 1", "application/json"), ("text=%zz", "application/x-www-form-urlencoded"),
            ("text=%ff%fe", "application/x-www-form-urlencoded"), ("{}", "application/json"),
        ] {
            let answer = try await browser.send(.post, "/scan", body: Array(body.utf8), type: type)
            #expect(answer.status == 400, "\(body)")
            #expect(answer["tone"] == "wrong", "\(body)")
        }
        for path in ["/open/receipt/x", "/open/moon/0123456789abcdef0123456789abcdef"] {
            let answer = try await browser.send(.post, path)
            #expect(answer.status == 404)
            #expect(answer["tone"] == "wrong")
        }
    }

    @Test func `a request that is sent twice is taken once`() async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        _ = try await browser.scan(try plant.makeNote(plant.note()))
        _ = try await browser.scan(CommandCode.choice(2).text)
        let once = try await browser.scan("40", request: "r1")
        let count = plant.terminals[0].store.operationCount
        let again = try await browser.scan("40", request: "r1")
        #expect(again["message"] == once["message"])
        #expect(plant.terminals[0].store.operationCount == count)
        _ = try await browser.scan("40", request: "r2")
        #expect(plant.terminals[0].store.operationCount == count + 1)
    }

    @Test func `a browser without scripts is led back to the page`() async throws {
        var browser = try await Browser(plant)
        let form = "application/x-www-form-urlencoded"
        for text in ["TM%3AW%3AW1", "TM%3AC%3AREPORT"] {
            let body = Array("request=&text=\(text)".utf8)
            let answer = try await browser.send(
                .post,
                "/scan",
                body: body,
                type: form,
                accept: "text/html"
            )
            #expect(answer.status == 303)
        }
        let page = try await browser.send(.get, "/", accept: "text/html")
        #expect(page.text.contains("data-place=\"report\""))
    }

    @Test func `a page that was forgotten asks for a badge and lost nothing`() async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        _ = try await browser.scan(try plant.makeNote(plant.note()))
        var restarted = try await Browser(plant)
        restarted.cookie = browser.cookie
        let page = try await restarted.send(.get, "/", accept: "text/html")
        #expect(page.text.contains("data-place=\"sign_in\""))
        let home = try await restarted.scan(badge())
        #expect(home["main"].contains("DN-1"))
    }

    @Test func `a browser keeps its name, so that requests at once get one page`() async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        var restarted = try await Browser(plant)
        restarted.cookie = browser.cookie
        // The page looks what is new while the badge is scanned: whatever comes back last.
        var looking = restarted
        let signedIn = try await restarted.scan(badge())
        _ = try await looking.send(.get, "/")
        #expect(looking.cookie == restarted.cookie)
        restarted.cookie = looking.cookie
        #expect(signedIn["tone"] == "good")
        #expect(try await restarted.scan(CommandCode.report.text)["tone"] == "good")
        // A name that no terminal makes is not taken.
        restarted.cookie = "tallyman_kiosk=guessed"
        _ = try await restarted.send(.get, "/")
        #expect(!restarted.cookie.contains("guessed"))
    }

    @Test func `the script hears how it stands without using the page`() async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(badge())
        _ = try await browser.scan(try plant.makeNote(plant.note()))
        let answer = try await browser.send(.get, "/status")
        #expect(answer["unsynced"] == "1")
        #expect(answer["connected"] == "0")
        #expect(answer["strip"].contains("1 条未同步"))
        for file in ["kiosk.css", "kiosk.js"] {
            #expect(try await browser.send(.get, "/static/\(file)").status == 200)
        }
    }
}
