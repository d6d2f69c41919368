import Drivers
import Foundation
import Glibc
import Labels
import Ledger
import Tally
import Testing

/// Printers that are not well: what they are sent is called what it is, and no other printer waits.
@Suite struct OddPrinterTests {
    private static let languages: [LabelPrinter.Language] = [.zpl, .tspl, .escpos]

    @Test(arguments: languages, OddPrinter.Fault.allCases)
    func `nothing is called printed by a printer that is not well, and others print on`(
        language: LabelPrinter.Language,
        fault: OddPrinter.Fault
    ) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let desk = try Desk()
        let odd = try OddPrinter(fault, seed: seed)
        let well = try TestPrinter(ZebraManner())
        try await desk.addPrinter("odd", odd.address, language)
        try await desk.addPrinter("well", well.address, .zpl)
        let first = try await desk.order("odd", copies: 3)
        let second = try await desk.order("odd", tag: "PUMP-8")
        let third = try await desk.order("well", tag: "PUMP-9")
        try await desk.running {
            _ = try await desk.wait(third, for: [.printed], seconds: 60)
            // The odd one is at its first job, or has let it be: the other moves away.
            let moved = try await desk.away(second, to: "well")
            let job = try await desk.wait(moved, for: [.printed], seconds: 60)
            #expect(job.printer == "well")
            let settled = try await desk.settled(first)
            #expect(
                [.sent, .unknown, .queued].contains(settled.state),
                "\(language), \(fault), seed \(seed): \(settled)"
            )
            #expect(!settled.note.isEmpty, "\(settled)")
        }
        #expect(well.printed.count == 2)
    }

    @Test(arguments: languages)
    func `a printer switched off between two labels gets the second when it is on again`(
        language: LabelPrinter.Language
    ) async throws {
        let desk = try Desk()
        let manner: any PrinterManner =
            switch language {
            case .zpl, .pdf: ZebraManner()
            case .tspl: TSCManner()
            case .escpos: EpsonManner()
            }
        let printer = try TestPrinter(manner)
        try await desk.addPrinter("one", printer.address, language)
        try await desk.running {
            let first = try await desk.order("one")
            _ = try await desk.wait(first, for: [.printed])
            printer.switchOff()
            let second = try await desk.order("one", tag: "PUMP-8")
            _ = try await desk.wait(second, for: [.queued], note: .off)
            try printer.switchOn()
            let job = try await desk.wait(second, for: [.printed])
            #expect(job.reprints == 0)
        }
        #expect(printer.printed.count == 2)
        #expect(printer.garbage == 0)
    }

    /// A byte a few milliseconds, as a line of 1,200 bits a second takes them.
    @Test func `a slow line prints one label, once, and is not given up`() async throws {
        let desk = try Desk()
        let line = try SlowLine(ZebraManner(), microseconds: 700)
        try await desk.addPrinter("slow", "serial:\(line.path)?baud=1200", .zpl)
        let id = try await desk.order("slow")
        try await desk.running {
            let job = try await desk.wait(id, for: [.printed, .sent, .unknown], seconds: 60)
            #expect(job.state != .unknown && job.reprints == 0)
            try await desk.until(seconds: 60) { line.printed == 1 }
        }
        #expect(line.printed == 1)
        #expect(line.garbage == 0)
    }

    /// The line takes as much as the system holds for it, and no more.
    @Test func `a line without room keeps the label, which prints once there is some`()
        async throws
    {
        let desk = try Desk()
        let line = try SlowLine(ZebraManner(), microseconds: 0, isStopped: true)
        // So fine that one label is more than a line holds.
        try await desk.queue.save(
            try LabelPrinter(
                name: "full",
                connection: "serial:\(line.path)?baud=9600",
                language: .zpl,
                resolution: 1_200
            )
        )
        let id = try await desk.order("full")
        try await desk.running {
            let job = try await desk.wait(id, for: [.queued], note: .cutOff, seconds: 30)
            #expect(job.attempts >= 1)
            line.goOn()
            let done = try await desk.wait(id, for: [.printed, .sent], seconds: 60)
            #expect(done.reprints == 0)
            try await desk.until(seconds: 60) { line.printed == 1 }
        }
        #expect(line.printed == 1)
        #expect(line.garbage == 0, "half a label was taken for something")
    }

    @Test func `what is no status is none`() {
        for text in ["", "x", "\u{2}\u{3}", "\u{2}a,b,c\u{3}"] {
            #expect(ZPL().report(Array(text.utf8)) == nil)
        }
        let letters = "\u{2}a,b,c,d,e,f,g,h,i,j,k,l\u{3}\r\n"
        #expect(ZPL().report(Array((letters + letters + letters).utf8)) == nil)
        for byte in [0x40, 0x1F, 0x06, 0x30, 0xA0, 0xFF] as [UInt8] {
            #expect(TSPL().report([byte]) == nil)
        }
        #expect(TSPL().report([0x1B, 0x21, 0x3F]) == nil)
        for byte in [0x00, 0x01, 0x04, 0x0D, 0x10, 0x20, 0x80] as [UInt8] {
            #expect(TSPL().report([byte]) != nil)
        }
        #expect(ESCPOS().report(Array("status?".utf8)) == nil)
    }
}
