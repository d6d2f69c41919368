import CRabbitMQ
import Foundation
import Tally

/// A broker, and where messages go in it.
public struct RabbitMQSettings: Sendable {
    let host: String
    let port: Int
    let isSecure: Bool
    let vhost: String
    let user: String
    let password: String
    let exchange: String
    let routingKey: String

    /// From an address such as `amqp://USER:PASSWORD@HOST:5672/VHOST`; nil when it is none.
    init?(url: String, exchange: String, routingKey: String) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
            parts.scheme == "amqp" || parts.scheme == "amqps"
        else { return nil }
        self.host = host
        isSecure = parts.scheme == "amqps"
        port = parts.port ?? (isSecure ? 5_671 : 5_672)
        let path = parts.percentEncodedPath.dropFirst()
        vhost = path.isEmpty ? "/" : String(path).removingPercentEncoding ?? "/"
        user = parts.user ?? "guest"
        password = parts.password ?? "guest"
        self.exchange = exchange
        self.routingKey = routingKey
    }
}

/// Puts messages into RabbitMQ: persistent, mandatory, and delivered once the broker confirms.
struct RabbitMQConnector: Connector {
    private let channel: RabbitMQChannel

    init(_ settings: RabbitMQSettings, timeoutMilliseconds: Int64) {
        channel = RabbitMQChannel(settings, timeoutMilliseconds: timeoutMilliseconds)
    }

    func send(_ messages: [OutboundMessage], now: Moment) async -> SendAnswer {
        guard let message = messages.first, messages.count == 1 else {
            preconditionFailure("this target takes each message alone")
        }
        return await channel.publish(message, now: now)
    }
}

/// A connection with one channel, made anew when it broke.
///
/// `@unchecked`: everything below `publish` runs on its own serial queue.
private final class RabbitMQChannel: @unchecked Sendable {
    /// A connection that was idle for so long may be half open, and is made anew.
    private static let idleMax = Duration.seconds(20)

    private let settings: RabbitMQSettings
    private let timeoutMilliseconds: Int64
    private let queue = DispatchQueue(label: "tallyman.rabbitmq", qos: .utility)
    private var connection: amqp_connection_state_t?
    private var used = ContinuousClock.now

    init(_ settings: RabbitMQSettings, timeoutMilliseconds: Int64) {
        self.settings = settings
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    deinit { close() }

    func publish(_ message: OutboundMessage, now: Moment) async -> SendAnswer {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                continuation.resume(returning: attempt(message, now))
            }
        }
    }

    private func close() {
        // The broker sees the connection end; nothing is on its way.
        if let connection { amqp_destroy_connection(connection) }
        connection = nil
    }

    private func attempt(_ message: OutboundMessage, _ now: Moment) -> SendAnswer {
        do {
            let connection = try ready()
            let said = try put(message, now, connection)
            used = ContinuousClock.now
            switch said {
            case AMQP_SAID_ACK: return .accepted(number: "")
            case AMQP_SAID_RETURNED:
                let place = "\(settings.exchange)/\(settings.routingKey)"
                return .failed(SendFailure(.unroutable, "no queue takes \(place)"))
            case AMQP_SAID_NACK: return .failed(SendFailure(.busy, "basic.nack"))
            default:
                close()
                return .failed(SendFailure(.unreachable, "the broker did not confirm"))
            }
        } catch {
            close()
            return .failed(error)
        }
    }

    private func ready() throws(SendFailure) -> amqp_connection_state_t {
        if let connection, ContinuousClock.now - used < Self.idleMax { return connection }
        close()
        guard let fresh = amqp_new_connection() else {
            throw SendFailure(.unreachable, "no memory")
        }
        connection = fresh
        let socket = settings.isSecure ? amqp_ssl_socket_new(fresh) : amqp_tcp_socket_new(fresh)
        guard let socket else { throw SendFailure(.unreachable, "no memory") }
        if settings.isSecure {
            amqp_ssl_socket_set_cacert(socket, "/etc/ssl/certs/ca-certificates.crt")
        }
        var limit = timeval(
            tv_sec: Int(timeoutMilliseconds / 1_000),
            tv_usec: Int(timeoutMilliseconds % 1_000) * 1_000
        )
        try check(
            amqp_socket_open_noblock(socket, settings.host, Int32(settings.port), &limit)
        )
        amqp_set_rpc_timeout(fresh, &limit)
        try check(
            amqp_open_confirmed(fresh, settings.vhost, settings.user, settings.password)
        )
        return fresh
    }

    private func check(_ status: Int32) throws(SendFailure) {
        guard status != AMQP_STATUS_OK.rawValue else { return }
        throw SendFailure(.unreachable, String(cString: amqp_error_string2(status)))
    }

    private func put(
        _ message: OutboundMessage,
        _ now: Moment,
        _ connection: amqp_connection_state_t
    ) throws(SendFailure) -> amqp_said {
        let attributes = message.attributes(now: now)
        // CloudEvents' binding for AMQP, binary: attributes as headers, the data alone as body.
        let names = attributes.map { strdup("cloudEvents:" + $0.name) }
        let values = attributes.map { strdup($0.value) }
        let texts: [String] = [
            message.key.description, "tallyman.\(message.topic)", settings.exchange,
            settings.routingKey,
        ]
        let words = texts.map { strdup($0) }
        defer { for text in names + values + words { free(text) } }
        var entries = [amqp_table_entry_t](repeating: amqp_table_entry_t(), count: names.count)
        let body = Array(message.content.json.utf8)
        let status = entries.withUnsafeMutableBufferPointer { entries in
            var properties = amqp_persistent(
                words[0],
                words[1],
                entries.baseAddress,
                names.map { UnsafePointer($0) },
                values.map { UnsafePointer($0) },
                Int32(names.count)
            )
            return body.withUnsafeBytes { body in
                amqp_basic_publish(
                    connection,
                    1,
                    amqp_cstring_bytes(words[2]),
                    amqp_cstring_bytes(words[3]),
                    1,
                    0,
                    &properties,
                    amqp_bytes_t(
                        len: body.count,
                        bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)
                    )
                )
            }
        }
        try check(status)
        return amqp_wait_for_word(connection, Int32(clamping: timeoutMilliseconds))
    }
}
