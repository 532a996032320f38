// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import SCEPCrafting
import Synchronization
import TestSupport

/// Measures whether a running server answers every failure before authentication alike, and at the same time (design §6.1).
///
///     uniform-timing PORT FOLDER [SAMPLES]
///
/// The folder holds what `PreparedServer` reads. Each class of failure has 5,000 samples unless told otherwise, all classes in one random
/// order. Exit code 1 when a class differs from the reference (|t| ≥ 5), or the early control does not (|t| ≤ 50).
@main
enum UniformTiming {
    private static let connections = 192
    private static let limit = 5.0
    private static let control = 50.0

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 2, let port = UInt16(arguments[0]) else {
            print("usage: uniform-timing PORT FOLDER [SAMPLES]")
            exit(64)
        }
        let samples = arguments.count > 2 ? Int(arguments[2]) ?? 5000 : 5000
        let maker = try SpoiltMessages(server: try PreparedServer(folder: arguments[1]), count: 25)
        let classes = try maker.classes() + [try maker.early()]
        let start = Date()
        let measured = try measure(classes, port: port, samples: samples)
        print(
            "\(classes.count * samples) requests in \(Int(Date().timeIntervalSince(start))) s over \(connections) connections"
        )
        exit(report(classes, measured) ? 0 : 1)
    }

    private struct Measured {
        var times: [[Double]]
        /// What is seen of each answer but for nonces, signature and what the request fixed.
        var looks: [Set<String>]
    }

    private static func measure(_ classes: [FailureClass], port: UInt16, samples: Int) throws -> Measured {
        let requests = classes.map { $0.messages.map(request) }
        let order = (0..<(classes.count * samples)).map { $0 % classes.count }.shuffled()
        let next = Atomic(0)
        let measured = Mutex(
            Measured(times: classes.map { _ in [] }, looks: classes.map { _ in [] })
        )
        let failure = Mutex<String?>(nil)
        let group = DispatchGroup()
        for _ in 0..<connections {
            group.enter()
            let thread = Thread {
                defer { group.leave() }
                do {
                    let connection = try Connection(port: port)
                    let clock = ContinuousClock()
                    while true {
                        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard position < order.count else { return }
                        let kind = order[position]
                        let message = requests[kind][position % requests[kind].count]
                        let begin = clock.now
                        let answer = try connection.exchange(message)
                        let elapsed = (clock.now - begin).components
                        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
                        let look = look(answer)
                        measured.withLock { measured in
                            measured.times[kind].append(seconds)
                            measured.looks[kind].insert(look)
                        }
                    }
                } catch {
                    failure.withLock { $0 = "\(error)" }
                }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
        if let failure = failure.withLock({ $0 }) { throw Connection.Failure(reason: failure) }
        return measured.withLock { $0 }
    }

    private static func request(_ message: [UInt8]) -> [UInt8] {
        let head =
            "POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-pki-message\r\n"
            + "Content-Length: \(message.count)\r\n\r\n"
        return Array(head.utf8) + message
    }

    /// Length, failInfo, text and the types of all attributes.
    private static func look(_ answer: [UInt8]) -> String {
        guard let reader = try? ReplyReader(answer),
            let types = try? reader.attributes.map({ try DERElement($0).at(0).encoded })
        else { return "unreadable" }
        let failInfo = (try? reader.value(OID.failInfo)?.text) ?? "-"
        let text = (try? reader.value(OID.failInfoText)?.text) ?? "-"
        return "\(answer.count) \(failInfo) \(text) \(types.count) \(types.joined().reduce(0) { $0 &* 31 &+ Int($1) })"
    }

    private static func report(_ classes: [FailureClass], _ measured: Measured) -> Bool {
        let reference = measured.times[0]
        var isGood = measured.looks[0].count == 1
        func column(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        print(column("class", 32) + column("samples", 9) + column("mean ms", 11) + column("sd ms", 9) + "t")
        for (index, failure) in classes.enumerated() {
            let moments = WelchTest.moments(measured.times[index])
            let t = index == 0 ? 0 : WelchTest.t(reference, measured.times[index])
            let isControl = index == classes.count - 1
            let looksAlike = measured.looks[index] == measured.looks[0]
            let verdict: String
            if isControl {
                verdict = abs(t) > control ? "seen, as it should be" : "NOT SEEN"
            } else {
                verdict = abs(t) >= limit ? "DIFFERS IN TIME" : looksAlike ? "" : "LOOKS DIFFERENT"
            }
            if verdict.first?.isUppercase == true { isGood = false }
            print(
                column(failure.name, 32) + column("\(Int(moments.count))", 9)
                    + column(String(format: "%.3f", moments.mean * 1000), 11)
                    + column(String(format: "%.3f", moments.variance.squareRoot() * 1000), 9)
                    + column(String(format: "%.2f", t), 10) + verdict
            )
        }
        return isGood
    }
}
