import Foundation
import Glibc
import Web

/// Figures of this process, from proc_pid_statm(5).
enum ProcessMetrics {
    static var residentByteCount: Int {
        guard let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            return 0  // best effort: a figure for operators, of no consequence
        }
        let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    static func resident() -> Metric {
        Metric(
            "process_resident_memory_bytes",
            "Resident memory of the daemon.",
            [.init(Double(residentByteCount))]
        )
    }
}
