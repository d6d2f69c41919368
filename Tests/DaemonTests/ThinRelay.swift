import Foundation
import Synchronization

/// A bad link between a terminal and its hub: a relay on loopback that carries so many bytes a
/// second each way, is cut whenever it has carried so many, and loses every so-manieth answer.
///
/// A cut ends every connection where it stands; the bytes that have crossed before arrive, as on a
/// wire. An answer is lost whole, after the hub has acted on the request.
final class ThinRelay: Sendable {
    struct Plan {
        let bytesPerSecond: Int
        /// Bytes in both directions from one cut to the next.
        let cutBytes: Int
        let lostEvery: Int
    }

    /// What has crossed the link.
    struct Figures {
        var bytesUp = 0
        var bytesDown = 0
        /// Bytes of blobs alone, without heads and other messages.
        var contentUp = 0
        var contentDown = 0
        var cuts = 0
        var answers = 0
        var lost = 0
        /// The blobs whose bytes went up, in the order of their first.
        var order: [String] = []
    }

    private struct State {
        var figures = Figures()
        var wires: [ObjectIdentifier: Wire] = [:]
        var untilCut: Int
        var isDown = false
        var isOver = false
    }

    private let plan: Plan
    private let hub: Int
    private let listener: Int32
    private let state: Mutex<State>
    private let up: Gate
    private let down: Gate
    let port: Int

    /// Begins to relay to a port on loopback.
    init(to hub: Int, _ plan: Plan) throws {
        self.plan = plan
        self.hub = hub
        state = Mutex(State(untilCut: plan.cutBytes))
        up = Gate(bytesPerSecond: plan.bytesPerSecond)
        down = Gate(bytesPerSecond: plan.bytesPerSecond)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = PlainHTTP.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { [listener] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        guard status else { throw PlantFailure("no port for the relay") }
        port = Int(in_port_t(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    var figures: Figures { state.withLock(\.figures) }

    /// Nothing crosses until ``mend()``.
    func takeDown() {
        state.withLock { $0.isDown = true }
        endAll()
    }

    func mend() { state.withLock { $0.isDown = false } }

    /// Ends it for good.
    func stop() {
        state.withLock { $0.isOver = true }
        shutdown(listener, Int32(SHUT_RDWR))
        for wire in state.withLock({ Array($0.wires.values) }) { wire.end(hard: true) }
    }

    private func endAll() {
        for wire in state.withLock({ Array($0.wires.values) }) { wire.end(hard: false) }
    }

    // MARK: - Connections

    private func accept() {
        while !state.withLock(\.isOver) {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { continue }
            guard !state.withLock(\.isDown), let wire = Wire(client, to: hub) else {
                close(client)
                continue
            }
            state.withLock { $0.wires[ObjectIdentifier(wire)] = wire }
            Thread.detachNewThread { [self] in
                carryUp(wire)
                wire.end(hard: false)
            }
            Thread.detachNewThread { [self] in
                carryDown(wire)
                wire.end(hard: true)
                state.withLock { $0.wires[ObjectIdentifier(wire)] = nil }
            }
        }
        close(listener)
    }

    private func carryUp(_ wire: Wire) {
        var reading = MessageReading()
        while let bytes = wire.receive(from: wire.client) {
            up.pass(bytes.count)
            let (crossing, isCut) = cross(bytes) { figures, crossed in
                figures.bytesUp += crossed.count
                reading.take(crossed) { name, count in
                    figures.contentUp += count
                    if !figures.order.contains(name) { figures.order.append(name) }
                }
            }
            wire.asked(reading.isForContent)
            wire.send(crossing, to: wire.hub)
            if isCut { return endAll() }
        }
    }

    private func carryDown(_ wire: Wire) {
        var reading = MessageReading()
        while let bytes = wire.receive(from: wire.hub) {
            if let isContent = wire.answered() {
                let isLost = state.withLock { state in
                    state.figures.answers += 1
                    guard state.figures.answers.isMultiple(of: plan.lostEvery) else { return false }
                    state.figures.lost += 1
                    return true
                }
                if isLost { return }
                reading = MessageReading(isAnswerWithContent: isContent)
            }
            down.pass(bytes.count)
            let (crossing, isCut) = cross(bytes) { figures, crossed in
                figures.bytesDown += crossed.count
                reading.take(crossed) { _, count in figures.contentDown += count }
            }
            wire.send(crossing, to: wire.client)
            if isCut { return endAll() }
        }
    }

    /// What of these bytes crosses before the next cut, and whether it comes now.
    private func cross(
        _ bytes: [UInt8],
        _ note: (inout Figures, [UInt8]) -> Void
    ) -> (crossing: [UInt8], isCut: Bool) {
        state.withLock { state in
            let crossing = Array(bytes.prefix(state.untilCut))
            note(&state.figures, crossing)
            state.untilCut -= crossing.count
            guard state.untilCut == 0 else { return (crossing, false) }
            state.untilCut = plan.cutBytes
            state.figures.cuts += 1
            return (crossing, true)
        }
    }
}

/// Lets bytes pass at a rate, whatever connection they belong to.
private final class Gate: Sendable {
    private let bytesPerSecond: Int
    private let free = Mutex(ContinuousClock.now)

    init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

    func pass(_ count: Int) {
        let share = Duration.nanoseconds(count * 1_000_000_000 / bytesPerSecond)
        let until = free.withLock { free in
            free = max(free, .now) + share
            return free
        }
        let wait = until - .now
        if wait > .milliseconds(1) { Wait.pause(wait) }
    }
}

/// A connection of a terminal and the one to the hub that belongs to it; both are closed when
/// nobody uses them any more.
private final class Wire: Sendable {
    let client: Int32
    let hub: Int32
    /// What the last request asked for, until its answer begins.
    private let asking = Mutex<Bool?>(nil)

    init?(_ client: Int32, to port: Int) {
        hub = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.client = client
        var address = PlainHTTP.loopback(port)
        let status = withUnsafePointer(to: &address) { [hub] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(hub, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 {
            close(hub)
            return nil
        }
    }

    deinit {
        close(client)
        close(hub)
    }

    func asked(_ isContent: Bool) { asking.withLock { $0 = isContent } }

    /// What the answer that begins is to; nil where it has begun before.
    func answered() -> Bool? { asking.withLock { $0.take() } }

    func receive(from descriptor: Int32) -> [UInt8]? {
        var room = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &room, room.count, 0)
        return count > 0 ? Array(room.prefix(count)) : nil
    }

    func send(_ bytes: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Ends it; what has crossed to the hub arrives there first unless `hard`.
    func end(hard: Bool) {
        shutdown(client, Int32(SHUT_RDWR))
        shutdown(hub, Int32(hard ? SHUT_RDWR : SHUT_WR))
    }
}

/// Tells the bytes of blobs from the rest of the messages of a connection.
private struct MessageReading {
    private var head: [UInt8] = []
    private var left = 0
    private var name: String?
    /// The request asks for bytes of a blob.
    private(set) var isForContent = false
    private let isAnswerWithContent: Bool

    init(isAnswerWithContent: Bool = false) { self.isAnswerWithContent = isAnswerWithContent }

    mutating func take(_ bytes: [UInt8], _ content: (String, Int) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if left > 0 {
                let count = min(left, rest.count)
                if let name { content(name, count) }
                left -= count
                rest = rest.dropFirst(count)
            } else {
                head.append(rest.removeFirst())
                if head.suffix(4).elementsEqual("\r\n\r\n".utf8) { readHead() }
            }
        }
    }

    private mutating func readHead() {
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        head = []
        let words = lines[0].split(separator: " ")
        let blob = words.dropFirst().first.flatMap { path -> String? in
            let parts = path.split(separator: "/")
            guard parts.count == 4, parts[2] == "blobs", parts[3].utf8.count > 60 else {
                return nil
            }
            return String(parts[3].prefix(64))
        }
        isForContent = words.first == "GET" && blob != nil
        name = words.first == "PUT" ? blob : isAnswerWithContent ? "" : nil
        let length = lines.lazy.map { $0.lowercased() }.first { $0.hasPrefix("content-length:") }
        left = length.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
    }
}
