import Agent
import Codes
import Foundation
import HTTPTypes
import NodePlant
import Synchronization
import Tally
import Testing
import Web

/// Devices as a test wants them: it says what is in a picture, and keeps what the page told.
private final class PlayedDevices: KioskDevices {
    struct Told {
        var keys: [[KioskKey]] = []
        var isTaught = false
        var isKept = false
        var lesson: KioskLesson?
        var trouble: (any Refusal)?
        /// Nil: a newer picture came; throws when it is empty.
        var codes: [String]? = []
    }

    let told = Mutex(Told())

    func standing() -> [KioskDevice] {
        let trouble = told.withLock { $0.trouble }
        return [
            KioskDevice(
                name: "dock <1>",
                model: "any",
                port: "serial:/dev/ttyACM0",
                state: trouble == nil ? "ready" : "waiting",
                trouble: trouble,
                scans: 7,
                losses: 2
            )
        ]
    }

    func typed(_ text: String) -> String { text.replacing("^]", with: "\u{1D}") }
    func scannerSettings() throws -> [UInt8] { Array("{}".utf8) }
    func teach(_ isTaught: Bool) { told.withLock { $0.isTaught = isTaught } }
    func take(_ keys: [KioskKey]) { told.withLock { $0.keys.append(keys) } }
    func lesson() -> KioskLesson? { told.withLock { $0.lesson } }
    func keepLesson() async throws { told.withLock { $0.isKept = true } }
    func forgetLesson() { told.withLock { $0.lesson = nil } }

    func codes(in picture: [UInt8], of page: String) async throws -> [String]? {
        guard !picture.isEmpty else { throw KioskRefusal.notText }
        return told.withLock { $0.codes }
    }

    func teachCode(_ number: Int) async throws -> [UInt8]? {
        number == 1 ? Array("<svg/>".utf8) : nil
    }

    func teachSheet() async throws -> [UInt8] { Array("<svg/>".utf8) }
}

private struct Unplugged: Refusal {
    let code: ProblemCode = "devices.not_there"
    let facts = ["port": "serial:/dev/ttyACM0"]
}

@Suite struct DevicePagesTests {
    private let plant: NodePlant
    private let devices = PlayedDevices()

    init() throws { plant = try NodePlant(terminals: 1) }

    private func badge(_ worker: String = "W1") -> String { WorkerBadge.text(badge: worker) }

    @Test func `the page of devices says how each stands and what was found of a scanner`()
        async throws
    {
        for language in CommandCode.Language.allCases {
            var browser = try await Browser(plant, devices: devices)
            _ = try await browser.scan(CommandCode.language(language).text)
            devices.told.withLock { told in
                told.trouble = Unplugged()
                told.lesson = KioskLesson(
                    device: "dock <1>",
                    seen: [1, 2],
                    count: 4,
                    findings: [
                        .init(name: "suffix_enter", facts: [:], tone: "good"),
                        .init(name: "gs_text", facts: ["text": "{GS} & <b>"], tone: "mapped"),
                        .init(name: "case_upper", facts: [:], tone: "wrong"),
                    ],
                    stranger: "X<GS>Y",
                    isKept: false
                )
            }
            let page = try await browser.send(.post, "/devices/open")
            #expect(page.status == 200)
            let main = page["main"]
            #expect(main.contains("data-place=\"devices\""))
            #expect(main.contains("dock &lt;1&gt;") && !main.contains("dock <1>"))
            #expect(main.contains("{GS} &amp; &lt;b&gt;"))
            #expect(main.contains("X&lt;GS&gt;Y"))
            #expect(!main.contains("teach.") && !main.contains("problem."), "a text is missing")
            let wrong = try #require(main.firstRange(of: "finding-wrong"))
            let good = try #require(main.firstRange(of: "finding-good"))
            #expect(wrong.lowerBound < good.lowerBound, "what must be changed stands first")
            #expect(page["strip"].contains("key-trouble"))
            #expect(devices.told.withLock { $0.isTaught })
            let kept = try await browser.send(.post, "/devices/keep")
            #expect(kept.status == 200)
            #expect(devices.told.withLock { $0.isKept })
            _ = try await browser.send(.post, "/devices/forget")
            #expect(devices.lesson() == nil)
            let closed = try await browser.send(.post, "/devices/close")
            #expect(closed["main"].contains("data-place=\"sign_in\""))
            #expect(!devices.told.withLock { $0.isTaught })
        }
    }

    @Test func `keys of a page that teaches go to the lesson, whole`() async throws {
        var browser = try await Browser(plant, devices: devices)
        _ = try await browser.send(.post, "/devices/open")
        let body = """
            {"text": "", "request": "1", "keys": [{"key": "A", "code": "KeyA", "shift": true,
            "control": false, "alt": false, "alternate": false}, {"key": "", "code": "",
            "shift": false, "control": false, "alt": true, "alternate": false, "number": 29,
            "digits": 3}]}
            """
        let answer = try await browser.send(.post, "/devices/keys", body: Array(body.utf8))
        #expect(answer["main"].contains("data-place=\"devices\""))
        let keys = devices.told.withLock { $0.keys }
        #expect(keys.count == 1)
        #expect(keys.first?.map(\.code) == ["KeyA", ""])
        #expect(keys.first?.last?.number == 29)
    }

    @Test
    func `a code that leads home leaves the page of devices, as any scan that means something`()
        async throws
    {
        var browser = try await Browser(plant, devices: devices)
        _ = try await browser.scan(badge())
        for text in [CommandCode.home.text, CommandCode.cancel.text] {
            _ = try await browser.send(.post, "/devices/open")
            let page = try await browser.scan(text)
            #expect(page["main"].contains("data-place=\"home\""))
            #expect(page["tone"] == "")
        }
        _ = try await browser.send(.post, "/devices/open")
        let report = try await browser.scan(CommandCode.report.text)
        #expect(report["main"].contains("data-place=\"report\""))
    }

    @Test func `codes in a picture of the page's camera are scans`() async throws {
        var browser = try await Browser(plant, devices: devices)
        let picture: [UInt8] = [0xFF, 0xD8]
        devices.told.withLock { $0.codes = [badge()] }
        let home = try await browser.send(.post, "/camera", body: picture, type: "image/jpeg")
        #expect(home["main"].contains("data-place=\"home\""))
        devices.told.withLock { $0.codes = [] }
        let nothing = try await browser.send(.post, "/camera", body: picture, type: "image/jpeg")
        #expect(nothing["state"] == "nothing")
        devices.told.withLock { $0.codes = nil }
        let late = try await browser.send(.post, "/camera", body: picture, type: "image/jpeg")
        #expect(late["state"] == "superseded")
        let broken = try await browser.send(.post, "/camera", body: [], type: "image/jpeg")
        #expect(broken.status == 422)
        #expect(broken["state"] == "unreadable")
    }

    @Test func `a scan that nobody can see does nothing`() async throws {
        var browser = try await Browser(plant, devices: devices)
        _ = try await browser.scan(badge())
        let input = KioskInput(
            device: "dock",
            number: 1,
            text: CommandCode.report.text,
            isWhole: true
        ) {}
        #expect(await browser.pages.take(input) == false)
        let page = try await browser.send(.get, "/")
        #expect(page["main"].contains("data-place=\"home\""))
    }

    @Test func `what a scanner typed is read as was taught, what a person typed is not`()
        async throws
    {
        var browser = try await Browser(plant, devices: devices)
        _ = try await browser.scan(badge())
        for (typed, found) in [("scanner", "A\u{1D}B"), ("person", "A^]B")] {
            let body = try JSONEncoder().encode(["text": "A^]B", "typed": typed, "request": typed])
            let answer = try await browser.send(.post, "/scan", body: Array(body))
            #expect(answer["tone"] == "wrong")
            #expect(answer["message"].contains(found), "\(answer["message"])")
        }
    }

    @Test func `the teach codes can be shown and printed`() async throws {
        var browser = try await Browser(plant, devices: devices)
        let code = try await browser.send(.get, "/devices/code/1")
        #expect(code.status == 200 && code.type == "image/svg+xml")
        let sheet = try await browser.send(.get, "/devices/sheet.svg")
        #expect(sheet.status == 200 && sheet.type == "image/svg+xml")
        #expect(try await browser.send(.get, "/devices/code/9").status == 404)
        #expect(try await browser.send(.post, "/devices/explode").status == 404)
        let broken = try await browser.send(.post, "/devices/keys", body: Array("[1]".utf8))
        #expect(broken.status == 400)
    }
}
