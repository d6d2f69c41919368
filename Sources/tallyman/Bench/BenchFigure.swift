import Foundation

/// One measured figure, beside the raw limit that was measured in the same run.
struct BenchFigure: Codable {
    let name: String
    let value: Double
    let unit: String
    /// What the limit is.
    let rawName: String
    let raw: Double
    /// `value / raw` for rates, `raw / value` for times: 1 is the limit itself.
    let ratio: Double

    /// A rate, in things a second.
    static func rate(
        _ name: String,
        _ unit: String,
        count: Int,
        seconds: Double,
        _ rawName: String,
        rawSeconds: Double
    ) -> BenchFigure {
        BenchFigure(
            name: name,
            value: Double(count) / seconds,
            unit: unit,
            rawName: rawName,
            raw: Double(count) / rawSeconds,
            ratio: rawSeconds / seconds
        )
    }

    /// A time at a percentile, in milliseconds.
    static func time(
        _ name: String,
        _ percentile: Double,
        _ seconds: [Double],
        _ rawName: String,
        _ rawSeconds: [Double]
    ) -> BenchFigure {
        let value = at(percentile, seconds) * 1000
        let raw = at(percentile, rawSeconds) * 1000
        return BenchFigure(
            name: "\(name) p\(Int(percentile * 100))",
            value: value,
            unit: "ms",
            rawName: rawName,
            raw: raw,
            ratio: raw / value
        )
    }

    /// A value that is to be no more than another.
    static func limited(
        _ name: String,
        _ unit: String,
        _ value: Double,
        _ limitName: String,
        _ limit: Double
    ) -> BenchFigure {
        BenchFigure(
            name: name,
            value: value,
            unit: unit,
            rawName: limitName,
            raw: limit,
            ratio: value > 0 ? limit / value : 1
        )
    }

    private static func at(_ percentile: Double, _ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percentile))]
    }

    var text: String {
        func number(_ value: Double) -> String {
            value >= 100 ? String(Int(value.rounded())) : String(format: "%.3f", value)
        }
        let percent = String(format: "%.0f %%", ratio * 100)
        return "\(name): \(number(value)) \(unit); \(rawName): \(number(raw)) \(unit); \(percent)"
    }
}
