import Foundation
import Tally

/// The seed that property tests count up from: `TALLYMAN_SEED`, or 1.
let seedBase = ProcessInfo.processInfo.environment["TALLYMAN_SEED"].flatMap(UInt64.init) ?? 1

extension SeededDice {
    /// A number from 0 up to, not including, `end`.
    mutating func roll(_ end: Int) -> Int { Int(next() % UInt64(end)) }

    /// True once in `times`.
    mutating func once(in times: Int) -> Bool { roll(times) == 0 }

    /// Bytes, as many as a roll says.
    mutating func garbage(countMax: Int) -> [UInt8] {
        (0..<roll(countMax + 1)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
