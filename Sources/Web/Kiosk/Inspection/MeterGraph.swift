import Agent
import Forms
import Foundation
import Inspection
import Tally

/// A meter of a machine over the last 90 days, drawn as SVG.
///
/// The line is how much the machine ran, set so that its end is what the meter shows: a meter that
/// was swapped or rolled over bends nothing.
struct MeterGraph: Hashable, Sendable {
    // Units of the drawing.
    private static let width = 480.0
    private static let height = 210.0
    private static let left = 78.0
    private static let right = 16.0
    private static let top = 14.0
    private static let bottom = 34.0

    let label: String
    let latest: String
    /// How much it ran in the time shown, and a day; nil where too little was read.
    let run: String?
    /// The drawing; its words are in its label.
    let svg: String

    private struct Point {
        let moment: Double
        let value: Double
    }

    /// - Returns: nil while nobody read the meter.
    init?(_ meter: MachineHistory.Meter, since: Moment, _ words: KioskWords) {
        guard let last = meter.history.readings.last else { return nil }
        label = words.label(meter.question.label)
        latest = words.text(
            "kiosk.last_reading",
            [
                "reading": words.quantity(last.reading.quantity),
                "time": words.time(last.evidence.moment),
            ]
        )
        let points = Self.points(meter.history, since)
        run = Self.run(points, words, unit: last.reading.quantity.unit)
        let spoken = [label, latest, run ?? ""].filter { !$0.isEmpty }
        svg = Self.drawing(points, since, words, spoken.joined(separator: ". "))
    }

    // MARK: - What is drawn

    private static func points(_ history: MeterHistory, _ since: Moment) -> [Point] {
        guard let last = history.readings.last else { return [] }
        let all = history.readings.map { reading in
            let value =
                last.total.flatMap { end in reading.total.map { (end, $0) } }
                .map { end, total in
                    number(last.reading.quantity) - number(end) + number(total)
                } ?? number(reading.reading.quantity)
            return Point(moment: Double(reading.evidence.moment.milliseconds), value: value)
        }
        let begin = Double(since.milliseconds)
        let shown = all.filter { $0.moment >= begin }
        guard let before = all.last(where: { $0.moment < begin }) else { return shown }
        guard let first = shown.first else {
            return [Point(moment: begin, value: before.value)]
        }
        // Where the line meets the edge.
        let part = (begin - before.moment) / (first.moment - before.moment)
        let edge = before.value + (first.value - before.value) * part
        return [Point(moment: begin, value: edge)] + shown
    }

    private static func number(_ quantity: Quantity) -> Double {
        (0..<quantity.scale).reduce(Double(quantity.amount)) { number, _ in number / 10 }
    }

    private static func run(
        _ points: [Point],
        _ words: KioskWords,
        unit: Tally.Unit
    ) -> String? {
        guard let first = points.first, let last = points.last else { return nil }
        let days = (last.moment - first.moment) / 86_400_000
        guard days >= 0.5 else { return nil }
        let run = last.value - first.value
        return words.text(
            "kiosk.meter_run",
            [
                "quantity": "\(text(run)) \(words.table.unit(unit, words.language))",
                "days": text(days.rounded(.up)), "rate": text(run / days),
            ]
        )
    }

    // MARK: - How it is drawn

    private static func drawing(
        _ points: [Point],
        _ since: Moment,
        _ words: KioskWords,
        _ spoken: String
    ) -> String {
        let begin = Double(since.milliseconds)
        let end = Double(words.now.milliseconds)
        let steps = ticks(points.map(\.value))
        let (low, high) = (steps.first ?? 0, steps.last ?? 1)
        func x(_ moment: Double) -> Double {
            left + (width - left - right) * min(max((moment - begin) / (end - begin), 0), 1)
        }
        func y(_ value: Double) -> Double {
            height - bottom - (height - bottom - top) * (value - low) / (high - low)
        }
        var parts = steps.map { step in
            "<path class=\"graph-grid\" d=\"M\(text(left)) \(text(y(step)))"
                + "H\(text(width - right))\"/>"
                + "<text class=\"graph-words\" x=\"\(text(left - 8))\" "
                + "y=\"\(text(y(step) + 6))\" text-anchor=\"end\">\(text(step))</text>"
        }
        for index in 0...3 {
            let moment = begin + (end - begin) * Double(index) / 3
            let anchor = index == 0 ? "start" : index == 3 ? "end" : "middle"
            parts.append(
                "<text class=\"graph-words\" x=\"\(text(x(moment)))\" y=\"\(text(height - 8))\" "
                    + "text-anchor=\"\(anchor)\">"
                    + words.day(Moment(milliseconds: Int64(moment))) + "</text>"
            )
        }
        let line = points.map { "\(text(x($0.moment))) \(text(y($0.value)))" }
        if let first = points.first, let last = points.last, points.count > 1 {
            let floor = text(height - bottom)
            parts.append(
                "<path class=\"graph-area\" d=\"M\(text(x(first.moment))) \(floor)L"
                    + line.joined(separator: "L") + "L\(text(x(last.moment))) \(floor)Z\"/>"
                    + "<path class=\"graph-line\" d=\"M" + line.joined(separator: "L") + "\"/>"
            )
        }
        parts += points.suffix(120).map { point in
            "<circle class=\"graph-dot\" cx=\"\(text(x(point.moment)))\" "
                + "cy=\"\(text(y(point.value)))\" r=\"4\"/>"
        }
        return "<svg class=\"graph\" viewBox=\"0 0 \(text(width)) \(text(height))\" role=\"img\" "
            + "aria-label=\"\(escaped(spoken))\">" + parts.joined() + "</svg>"
    }

    /// Three to five round numbers around all values.
    private static func ticks(_ values: [Double]) -> [Double] {
        let low = values.min() ?? 0
        // A large number has no room for a small step behind it.
        let high = max(values.max() ?? 1, low + max(1, abs(low) / 1e6))
        let rough = (high - low) / 3
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        let first = floor(low / step) * step
        let count = Int((ceil(high / step) * step - first) / step + 0.5)
        return (0...max(count, 1)).map { first + Double($0) * step }
    }

    /// With one digit after the point where there is one.
    private static func text(_ number: Double) -> String {
        let rounded = (number * 10).rounded() / 10
        let isWhole = rounded == rounded.rounded() && abs(rounded) < 1e15
        return isWhole ? String(Int(rounded)) : String(rounded)
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing("\"", with: "&quot;")
    }
}
