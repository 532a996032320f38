// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Testing

@testable import Storage

struct EncodingTests {
    @Test func traceStepsSurviveHostileText() throws {
        let alphabet: [Character] = [
            "\\", "\t", "\n", "\r", "\r\n", "\0", "t", "n", "0", "a", "é", "e\u{301}", "\u{2028}", "🧾",
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let steps = (0..<Int.random(in: 0...4)).map { _ in
                func text() -> String {
                    String((0..<Int.random(in: 0...6)).compactMap { _ in alphabet.randomElement() })
                }
                let outcome = TraceOutcome.allCases.randomElement(using: &generator) ?? .noted
                return TraceStep(name: text(), outcome: outcome, detail: text())
            }
            let encoded = TraceSteps.encode(steps)
            let decoded = try TraceSteps.decode(encoded)
            // Equal texts may have other bytes; here they must be the same.
            #expect(
                decoded.map { Array($0.detail.utf8) } == steps.map { Array($0.detail.utf8) },
                "\(encoded.debugDescription)"
            )
            #expect(decoded == steps)
            #expect(!encoded.utf8.contains(0))
        }
    }

    @Test(arguments: [
        "x\tname\tdetail\n", "p\tname\n", "p\ta\tb\tc\n", "p\ta\\x\tb\n", "p\ta\tb\\", "\tname\tdetail\n",
    ])
    func refusesWhatItDidNotWrite(_ text: String) {
        #expect(throws: StoreError.corrupted("A trace can't be read.")) { try TraceSteps.decode(text) }
    }

    @Test func certificateChainsKeepTheirParts() throws {
        for chain in [[], [[]], [[1]], [[1, 2], [], Array(repeating: 7, count: 70_000)]] as [[[UInt8]]] {
            #expect(try CertificateChain.decode(CertificateChain.encode(chain)) == chain)
        }
        for bytes in [[0], [0, 0, 0, 2, 1], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: StoreError.self) { try CertificateChain.decode(bytes) }
        }
    }

    @Test func idsAreWrittenInLowerCase() {
        for _ in 0..<100 {
            let id = UUID()
            #expect(id.lowercaseText == id.uuidString.lowercased())
            #expect(UUID(storedText: id.lowercaseText) == id)
            #expect(UUID(storedText: id.lowercaseText + "0") == nil)
            #expect(UUID(storedText: String(id.lowercaseText.dropLast())) == nil)
            #expect(UUID(storedText: id.lowercaseText.replacingOccurrences(of: "-", with: "0")) == nil)
        }
        for text in ["", "g0000000-0000-7000-8000-000000000000", "A0000000-0000-7000-8000-000000000000"] {
            #expect(UUID(storedText: text) == nil)
        }
    }

    @Test func timesAreWholeMilliseconds() {
        for milliseconds: Int64 in [0, 1, 999, 1_800_000_000_123, 253_402_300_799_000, -1, -62_135_596_800_000] {
            #expect(Date(storedMilliseconds: milliseconds).storedMilliseconds == milliseconds)
        }
        #expect(Date.distantFuture.storedMilliseconds > 0)
        for extreme in [Double.infinity, -Double.infinity, Double.nan, 1e300] {
            #expect(abs(Date(timeIntervalSince1970: extreme).storedMilliseconds) <= 1 << 53)
        }
    }
}
