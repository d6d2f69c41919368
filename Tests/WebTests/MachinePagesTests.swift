import Agent
import Codes
import HTTPTypes
import NodePlant
import Sync
import Tally
import Testing
import Web

/// The pages of a machine that must stop, and its history.
@Suite struct MachinePagesTests {
    private let plant: NodePlant

    init() throws { plant = try NodePlant(terminals: 1) }

    @Test(arguments: CommandCode.Language.allCases)
    func `a stop is asked twice, shown over the whole page, and printed`(
        _ language: CommandCode.Language
    ) async throws {
        var browser = try await Browser(plant)
        _ = try await browser.scan(CommandCode.language(language).text)
        _ = try await browser.scan(WorkerBadge.text(badge: "W1"))
        _ = try await browser.scan(try Plate(tag: "LAT-01").text())
        let asked = try await browser.scan(CommandCode.no.text)
        let again = try await browser.scan(CommandCode.yes.text)
        let stopped = try await browser.scan(CommandCode.ok.text)
        for (answer, place) in [(asked, "hazard"), (again, "hazard"), (stopped, "stop-card")] {
            #expect(answer["main"].contains("data-place=\"\(place)\""))
            #expect(!answer["main"].contains("kiosk."), "a text is missing")
            let says = language == .chinese ? "不是安全功能" : "no safety function"
            #expect(answer["main"].contains(says))
        }
        #expect(stopped["main"].contains("data-alarm"))
        #expect(stopped["main"].contains("Does the guard close?"))
        // A clerk is not offered what only a team leader may do.
        #expect(!stopped["main"].contains("value=\"\(CommandCode.sign.text)\""))

        let path = try #require(
            stopped["main"].split(separator: "\"").first { $0.hasPrefix("/machines/") }
        )
        let paper = try await browser.send(.get, String(path), accept: "text/html")
        #expect(paper.status == 200)
        #expect(paper.text.contains("LAT-01") && !paper.text.contains("kiosk."))
        let history = try await browser.scan(CommandCode.ok.text)
        #expect(history["main"].contains("data-place=\"inspection\""))
        let machine = try await browser.scan(CommandCode.inspect.text)
        #expect(machine["main"].contains("data-place=\"machine\""))
        #expect(!machine["main"].contains("kiosk."), "a text is missing")
    }

    @Test func `a stranger's path to a card is not found`() async throws {
        var browser = try await Browser(plant)
        let id = String(repeating: "0", count: 32)
        for signsIn in [false, true] {
            if signsIn { _ = try await browser.scan(WorkerBadge.text(badge: "W1")) }
            for path in ["/machines/\(id)/stop-card", "/machines/x/stop-card"] {
                let answer = try await browser.send(.get, path, accept: "text/html")
                #expect(answer.status == 404)
            }
        }
        let touched = try await browser.send(.post, "/open/stop-card/\(id)")
        #expect(touched.status == 404)
    }
}
