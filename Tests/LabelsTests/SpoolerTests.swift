import Drivers
import Foundation
import Imaging
import Labels
import Ledger
import Tally
import Testing

/// Printers on loopback that answer as their makers' do; the real queue, spooler and drawing.
@Suite(.serialized) struct SpoolerTests {
    static let makers: [(LabelPrinter.Language, @Sendable () -> any PrinterManner)] = [
        (.zpl, { ZebraManner() }), (.tspl, { TSCManner() }), (.escpos, { EpsonManner() }),
    ]

    private static func manner(_ language: LabelPrinter.Language) -> any PrinterManner {
        switch language {
        case .zpl, .pdf: ZebraManner()
        case .tspl: TSCManner()
        case .escpos: EpsonManner()
        }
    }

    private static let languages: [LabelPrinter.Language] = [.zpl, .tspl, .escpos]

    /// The codes on what came out.
    private func texts(_ printer: TestPrinter) throws -> [String] {
        try printer.printed.flatMap { picture in
            try LabelBench.client.read(picture: LabelBench.pgm(picture), symbologies: [.qr])
                .symbols.map { $0.text.text }
        }
    }

    private let link = "https://id.tallyman.example/8004/PUMP-7"

    @Test(arguments: languages)
    func `a label is printed, says so, and can be read`(
        language: LabelPrinter.Language
    ) async throws {
        let desk = try Desk()
        let printer = try TestPrinter(Self.manner(language))
        try await desk.addPrinter("one", printer.address, language)
        let id = try await desk.order("one", copies: 2)
        let job = try await desk.running { try await desk.wait(id, for: [.printed]) }
        #expect(job.attempts == 1)
        #expect(job.reprints == 0)
        #expect(try texts(printer) == [link, link])
        #expect(printer.garbage == 0)
    }

    @Test(arguments: languages)
    func `a printer that is off or without paper keeps the job, which prints once it is mended`(
        language: LabelPrinter.Language
    ) async throws {
        let desk = try Desk()
        let printer = try TestPrinter(Self.manner(language), isOn: false)
        try await desk.addPrinter("one", printer.address, language)
        let id = try await desk.order("one")
        try await desk.running {
            _ = try await desk.wait(id, for: [.queued], note: .off)
            printer.change { $0.hasPaper = false }
            try printer.switchOn()
            _ = try await desk.wait(id, for: [.queued], note: .paperOut)
            #expect(printer.printed.isEmpty)
            printer.change { $0.hasPaper = true }
            _ = try await desk.wait(id, for: [.printed])
        }
        #expect(try texts(printer) == [link])
    }

    @Test(arguments: languages)
    func `a plug pulled in the middle loses nothing, and leaves no half label behind`(
        language: LabelPrinter.Language
    ) async throws {
        let desk = try Desk()
        let printer = try TestPrinter(Self.manner(language))
        try await desk.addPrinter("one", printer.address, language)
        printer.cutAfter(2_000)
        let id = try await desk.order("one")
        try await desk.running {
            if language == .escpos {
                // What it got it printed: a person decides.
                let job = try await desk.wait(id, for: [.unknown])
                #expect(job.note == PrintNote.cutOffLate.rawValue)
                printer.cutAfter(nil)
                _ = try await desk.queue.retry(id, now: Moment(milliseconds: 1))
            } else {
                let end = ContinuousClock.now + .seconds(60)
                while printer.taken < 2_000, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(5))
                }
                printer.cutAfter(nil)
            }
            var job = try await desk.wait(id, for: [.printed, .unknown])
            if job.state == .unknown {
                // All of it was on its way before the cut was seen: a person decides here too.
                #expect(language != .escpos && job.note == PrintNote.cutOffLate.rawValue)
                _ = try await desk.queue.retry(id, now: Moment(milliseconds: 1))
                job = try await desk.wait(id, for: [.printed])
                #expect(job.reprints == 1)
            } else {
                #expect(job.reprints == (language == .escpos ? 1 : 0))
            }
        }
        #expect(try texts(printer) == [link])
        #expect(printer.garbage == 0, "half a label was taken for something")
    }

    @Test func `a printer that answers nothing ends in sent, never in printed`() async throws {
        let desk = try Desk()
        let printer = try TestPrinter(ZebraManner())
        printer.change { $0.answers = false }
        try await desk.addPrinter("one", printer.address, .zpl)
        let id = try await desk.order("one")
        let job = try await desk.running { () -> PrintJob in
            _ = try await desk.wait(id, for: [.sent])
            try await Task.sleep(for: .milliseconds(1_500))
            return try #require(try await desk.queue.job(id))
        }
        #expect(job.state == .sent)
        #expect(job.note == PrintNote.unconfirmed.rawValue)
        #expect(printer.printed.count == 1)
    }

    @Test func `a job waits for its printer, moves to another, and is counted when reprinted`()
        async throws
    {
        let desk = try Desk()
        let off = try TestPrinter(ZebraManner(), isOn: false)
        let other = try TestPrinter(TSCManner())
        try await desk.addPrinter("off", off.address, .zpl)
        try await desk.addPrinter("other", other.address, .tspl)
        let id = try await desk.order("off")
        try await desk.running {
            _ = try await desk.wait(id, for: [.queued], note: .off)
            _ = try await desk.queue.move(id, to: "other", now: Moment(milliseconds: 1))
            var job = try await desk.wait(id, for: [.printed])
            #expect(job.printer == "other")
            #expect(job.reprints == 0)
            _ = try await desk.queue.retry(id, now: Moment(milliseconds: 2))
            job = try await desk.wait(id, for: [.printed])
            #expect(job.reprints == 1)
        }
        #expect(other.printed.count == 2)
        #expect(off.printed.isEmpty)
        await #expect(throws: PrintRefusal.self) {
            try await desk.queue.cancel(id, now: Moment(milliseconds: 3))
        }
        await #expect(throws: PrintRefusal.unknownJob("99")) {
            try await desk.queue.retry(99, now: Moment(milliseconds: 3))
        }
    }

    @Test func `a label too wide for its printer fails and says so`() async throws {
        let desk = try Desk()
        let printer = try TestPrinter(EpsonManner())
        try await desk.queue.save(
            try LabelPrinter(
                name: "narrow",
                connection: printer.address,
                language: .escpos,
                width: 48_000
            )
        )
        let id = try await desk.order("narrow")
        let job = try await desk.running { try await desk.wait(id, for: [.failed]) }
        #expect(job.note == PrintNote.notDrawn.rawValue)
        #expect(job.detail.contains("printing.too_wide"))
        #expect(printer.taken == 0)
    }

    /// The program is ended at every write to the queue, before it and after it.
    @Test(arguments: languages)
    func `a program that dies at any moment prints no label twice and loses none`(
        language: LabelPrinter.Language
    ) async throws {
        for writes in 1...5 {
            for lastIsDone in [false, true] {
                let desk = try Desk()
                let printer = try TestPrinter(Self.manner(language))
                try await desk.addPrinter("one", printer.address, language)
                let id = try await desk.order("one")
                let mortal = MortalQueue(desk.queue, writes: writes, lastIsDone: lastIsDone)
                try await desk.running(mortal) {
                    let end = ContinuousClock.now + .seconds(20)
                    while await !mortal.hasDied, ContinuousClock.now < end {
                        if try await desk.queue.job(id)?.state == .printed { break }
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                // What was called sent stays so: nobody can ask about it any more.
                let isSent = try await desk.queue.job(id)?.state == .sent
                let settled = try await desk.running {
                    try await desk.wait(id, for: isSent ? [.sent] : [.printed, .unknown])
                }
                let end = ContinuousClock.now + .seconds(20)
                while printer.printed.isEmpty, settled.state != .unknown,
                    ContinuousClock.now < end
                {
                    try await Task.sleep(for: .milliseconds(5))
                }
                let place = "\(language), write \(writes), done \(lastIsDone), \(settled.state)"
                #expect(printer.printed.count <= 1, "\(place): printed twice")
                if settled.state != .unknown {
                    #expect(printer.printed.count == 1, "\(place): lost")
                }
                #expect(printer.garbage == 0, "\(place): half a label")
            }
        }
    }

    @Test func `a serial printer and a USB printer take labels too`() async throws {
        let desk = try Desk()
        let line = try SerialPrinter(ZebraManner())
        try await desk.addPrinter("serial", "serial:\(line.path)?baud=115200", .zpl)
        let fifo = desk.root + "/lp0"
        #expect(mkfifo(fifo, 0o600) == 0)
        let pipe = try PipePrinter(fifo, ZebraManner())
        try await desk.addPrinter("usb", "usb:\(fifo)", .zpl)
        let serial = try await desk.order("serial")
        let usb = try await desk.order("usb")
        try await desk.running {
            _ = try await desk.wait(serial, for: [.printed])
            // A pipe has no way back: nobody can say more.
            _ = try await desk.wait(usb, for: [.sent])
            let end = ContinuousClock.now + .seconds(60)
            while pipe.printed.isEmpty, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        #expect(line.printed.count == 1)
        #expect(pipe.printed.count == 1)
    }
}
