import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One figure of a daemon, for Prometheus.
public struct Metric: Hashable, Sendable {
    public let name: String
    public let help: String
    /// `gauge` or `counter`.
    public let type: String
    /// The samples: labels, then the value.
    public let samples: [Sample]

    /// A labelled value.
    public struct Sample: Hashable, Sendable {
        public let labels: [String: String]
        public let value: Double

        public init(_ value: Double, _ labels: [String: String] = [:]) {
            self.labels = labels
            self.value = value
        }
    }

    public init(_ name: String, _ help: String, type: String = "gauge", _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.type = type
        self.samples = samples
    }

    /// The metrics in Prometheus' text format 0.0.4.
    static func text(_ metrics: [Metric]) -> String {
        var lines: [String] = []
        for metric in metrics {
            lines.append("# HELP \(metric.name) \(metric.help)")
            lines.append("# TYPE \(metric.name) \(metric.type)")
            for sample in metric.samples {
                let labels = sample.labels.sorted { $0.key < $1.key }
                    .map { "\($0.key)=\"\(escaped($0.value))\"" }
                let name = labels.isEmpty ? "" : "{" + labels.joined(separator: ",") + "}"
                lines.append("\(metric.name)\(name) \(number(sample.value))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\n", with: "\\n")
    }
}

/// `/healthz` and `/metrics`, on every daemon.
public struct HealthRoutes: Sendable {
    private let health: @Sendable () async throws -> [UInt8]
    private let metrics: @Sendable () async throws -> [Metric]

    /// - Parameters:
    ///   - health: JSON; throws when the daemon cannot do its work.
    ///   - metrics: figures as they stand.
    public init(
        health: @escaping @Sendable () async throws -> [UInt8],
        metrics: @escaping @Sendable () async throws -> [Metric]
    ) {
        self.health = health
        self.metrics = metrics
    }

    /// Puts the routes on a daemon's router.
    public func add(to router: some RouterMethods<BasicRequestContext>) {
        router.get("healthz") { _, _ in
            do {
                return Response.json(.ok, try await health())
            } catch {
                let body = #"{"status":"failing"}"#
                return Response.json(.serviceUnavailable, Array(body.utf8))
            }
        }
        router.get("metrics") { _, _ in
            let text = Metric.text(try await metrics())
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text))
            )
        }
    }
}
