import Foundation
import Tally

/// The seed that property tests count up from: `TALLYMAN_SEED`, or 1.
let seedBase = ProcessInfo.processInfo.environment["TALLYMAN_SEED"].flatMap(UInt64.init) ?? 1
