import Glibc
import Imaging
import Tally
import Testing

@Suite struct WorkerDeathTests {
    @Test func `a child that is killed costs one request`() throws {
        let client = WorkerFixture.client()
        let picture = try client.png(of: QRContent(text: "ALIVE"))
        let first = try #require(client.processID)
        kill(first, SIGKILL)
        #expect(throws: ImagingError.workerDied(signal: SIGKILL, status: nil)) {
            try client.read(picture: picture)
        }
        #expect(client.processID == nil)
        #expect(try client.read(picture: picture).symbols.map(\.text.text) == ["ALIVE"])
        #expect(client.processID != first)
    }

    @Test func `a child that is killed in the middle of its work costs one request`() async throws {
        let client = WorkerFixture.client()
        let picture = try client.png(of: QRContent(text: "ALIVE"))
        let child = try #require(client.processID)
        // Stopped, it takes the request and is in the middle of it for as long as we like.
        kill(child, SIGSTOP)
        let reading = Task { try await client.readInBackground(picture: picture) }
        try await Task.sleep(for: .milliseconds(50))
        kill(child, SIGKILL)
        await #expect(throws: ImagingError.workerDied(signal: SIGKILL, status: nil)) {
            _ = try await reading.value
        }
        let again = try await client.readInBackground(picture: picture)
        #expect(again.symbols.map(\.text.text) == ["ALIVE"])
    }

    @Test func `a child that hangs is ended when its time is over`() throws {
        let patient = WorkerFixture.client()
        let picture = try patient.png(of: QRContent(text: "ALIVE"))
        let client = WorkerFixture.client(timeout: .milliseconds(3_000))
        #expect(try client.read(picture: picture).symbols.count == 1)
        let child = try #require(client.processID)
        kill(child, SIGSTOP)
        let start = ContinuousClock.now
        #expect(throws: ImagingError.timedOut(milliseconds: 3_000)) {
            try client.read(picture: picture)
        }
        #expect(start.duration(to: .now) < .seconds(20))
        // No such process any more: it was ended and its remains collected.
        #expect(kill(child, 0) == -1)
        #expect(try client.read(picture: picture).symbols.count == 1)
    }

    @Test func `a missing program is named`() {
        let client = ImagingWorkerClient(executable: "/nowhere/tallyman-imaging")
        #expect(
            throws: ImagingError.workerMissing(
                path: "/nowhere/tallyman-imaging",
                errorNumber: ENOENT
            )
        ) { try client.modules(of: QRContent(text: "A")) }
    }

    @Test func `a program that is not the child is found out`() {
        let client = ImagingWorkerClient(executable: "/bin/true", timeout: .seconds(5))
        #expect(throws: ImagingError.workerDied(signal: nil, status: 0)) {
            try client.modules(of: QRContent(text: "A"))
        }
    }

    @Test func `many tasks share one child`() async throws {
        let client = WorkerFixture.client()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let text = "TASK \(number)"
                    let picture = try await client.pngInBackground(of: QRContent(text: text))
                    let reading = try await client.readInBackground(picture: picture)
                    return reading.symbols.map(\.text.text) == [text]
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test func `the child ends with its client`() throws {
        var client: ImagingWorkerClient? = WorkerFixture.client()
        _ = try client?.modules(of: QRContent(text: "A"))
        let child = try #require(client?.processID)
        client = nil
        #expect(kill(child, 0) == -1)
    }
}
