// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import struct Foundation.Date
internal import class Foundation.FileManager

#if canImport(Glibc)
internal import Glibc
#endif

/// Tells what the process uses, under the names that every Prometheus client uses.
struct ProcessMetrics: Sendable {
    /// When the process began to serve.
    let startedAt: Date

    /// Writes everything.
    func write(to text: inout MetricsText) {
        var usage = rusage()
        if unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            let seconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
            text.add("process_cpu_seconds_total", .counter, "User and system CPU time spent in seconds.", seconds)
        }
        if let (virtual, resident) = Self.memory {
            text.add("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", virtual)
            text.add("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", resident)
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            // One of them reads the folder.
            text.add("process_open_fds", .gauge, "Number of open file descriptors.", max(0, open - 1))
        }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            text.add("process_max_fds", .gauge, "Maximum number of open file descriptors.", limit.rlim_cur)
        }
        text.begin("process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.")
        text.sample([], startedAt)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// Virtual and resident memory in bytes.
    private static var memory: (virtual: Int, resident: Int)? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
        let pages = String(decoding: data, as: UTF8.self).split(separator: " ").prefix(2).compactMap { Int($0) }
        guard pages.count == 2 else { return nil }
        let size = sysconf(Int32(_SC_PAGESIZE))
        return (pages[0] * size, pages[1] * size)
    }
}
