import NIOCore
import NIOPosix
import Synchronization

/// A wire between a terminal and the hub that can be cut: a TCP relay on loopback.
///
/// While it is cut, connections are dropped as they come and those that stand are closed, as a
/// terminal sees it when somebody pulls the plug.
final class LinkRelay: Sendable {
    private struct State {
        var isCut = false
        var standing: [ObjectIdentifier: any Channel] = [:]
    }

    private let state = Mutex(State())
    private let server = Mutex<(any Channel)?>(nil)

    /// Where terminals connect.
    var port: Int { server.withLock { $0?.localAddress?.port ?? 0 } }

    /// Begins to relay to a port on loopback.
    func start(to hub: Int) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { inbound in
                inbound.pipeline.addHandler(Inlet { self.connect($0, to: hub) })
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        server.withLock { $0 = channel }
    }

    func stop() async throws {
        cut()
        try await server.withLock { $0 }?.close()
    }

    func cut() {
        let channels = state.withLock { state in
            state.isCut = true
            defer { state.standing = [:] }
            return Array(state.standing.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func mend() { state.withLock { $0.isCut = false } }

    private func connect(_ inbound: any Channel, to hub: Int) {
        guard !state.withLock(\.isCut) else { return inbound.close(promise: nil) }
        let id = ObjectIdentifier(inbound)
        state.withLock { $0.standing[id] = inbound }
        inbound.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.standing.removeValue(forKey: id) }
        }
        // Both ends on one event loop, so that each may write to the other directly.
        ClientBootstrap(group: inbound.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: hub)
            .flatMap { outbound in
                let there = inbound.pipeline.addHandler(Splice(outbound))
                let back = outbound.pipeline.addHandler(Splice(inbound))
                return there.and(back).map { _ in
                    inbound.read()
                    outbound.read()
                }
            }
            .whenFailure { _ in inbound.close(promise: nil) }
    }
}

/// Tells of a connection once it stands: before, it cannot be read.
private final class Inlet: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let stands: @Sendable (any Channel) -> Void

    init(_ stands: @escaping @Sendable (any Channel) -> Void) { self.stands = stands }

    func channelActive(context: ChannelHandlerContext) { stands(context.channel) }
}

/// Writes what one end reads to the other, and closes it with it; reads on when that is written.
private final class Splice: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(_ other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        other.writeAndFlush(unwrapInboundIn(data)).whenSuccess { channel.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
