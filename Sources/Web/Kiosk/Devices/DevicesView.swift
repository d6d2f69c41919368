import Tally

/// The page of what hangs on the terminal, and of teaching it scanners.
struct DevicesView: Hashable, Sendable {
    struct Row: Hashable, Sendable {
        let name: String
        let model: String
        let port: String
        let state: String
        let stateTone: String
        let detail: String?
        /// Absent for the page's own scanner, whose scans nobody counts.
        let counts: String?
    }

    struct Code: Hashable, Sendable {
        let number: Int
        let caption: String
        let isSeen: Bool
    }

    struct Finding: Hashable, Sendable {
        let text: String
        let tone: String
        let toneName: String
    }

    struct Lesson: Hashable, Sendable {
        let heading: String
        let findings: [Finding]
        let stranger: String?
        let hasFindings: Bool
        let isKept: Bool
        let isComplete: Bool
        let verdict: String
        let verdictTone: String
    }

    let rows: [Row]
    let codes: [Code]
    /// Nil before the first scan.
    let lesson: Lesson?

    init(_ devices: any KioskDevices, _ words: KioskWords) {
        rows = devices.standing().map { device in
            let isBad = device.isInTrouble
            return Row(
                name: device.name == "page" ? words.text("teach.page_scanner") : device.name,
                model: device.model,
                port: device.port == "page" ? words.text("teach.page_port") : device.port,
                state: words.word("device", device.state),
                stateTone: isBad ? "attention" : "calm",
                detail: device.trouble.map { words.text($0, device.facts) },
                counts: device.port == "page"
                    ? nil
                    : words.text(
                        device.losses == 0 ? "teach.scans" : "teach.scans_lost",
                        ["count": String(device.scans), "lost": String(device.losses)]
                    )
            )
        }
        let lesson = devices.lesson()
        codes = (1...4).map { number in
            Code(
                number: number,
                caption: words.text("teach.code_\(number)"),
                isSeen: lesson?.seen.contains(number) ?? false
            )
        }
        self.lesson = lesson.map { Lesson($0, words) }
    }
}

extension DevicesView.Lesson {
    init(_ lesson: KioskLesson, _ words: KioskWords) {
        let name = lesson.device == "page" ? words.text("teach.page_scanner") : lesson.device
        heading = words.text(
            "teach.heading",
            [
                "device": name, "seen": String(lesson.seen.count), "count": String(lesson.count),
            ]
        )
        // What a person must do stands first.
        let order = ["wrong", "mapped", "good"]
        let sorted = order.flatMap { tone in lesson.findings.filter { $0.tone == tone } }
        findings = sorted.map { finding in
            var facts = finding.facts
            facts["layout"] = facts["layout"].map { words.text("teach.keyboard_\($0)") }
            return DevicesView.Finding(
                text: words.text("teach.\(finding.name)", facts),
                tone: finding.tone == "mapped" ? "attention" : finding.tone,
                toneName: words.text("teach.tone_\(finding.tone)")
            )
        }
        stranger = lesson.stranger.map { words.text("teach.stranger", ["text": $0]) }
        hasFindings = !lesson.findings.isEmpty
        isKept = lesson.isKept
        isComplete = lesson.seen.count == lesson.count
        let isWrong = lesson.findings.contains { $0.tone == "wrong" }
        if lesson.isKept {
            verdict = words.text("teach.kept")
            verdictTone = "good"
        } else if lesson.seen.count < lesson.count {
            verdict = words.text("teach.go_on")
            verdictTone = "calm"
        } else {
            verdict = words.text(isWrong ? "teach.change_first" : "teach.all_well")
            verdictTone = isWrong ? "attention" : "good"
        }
    }
}
