// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Foundation
import PKIX
import SCEPCrafting
import TestSupport
import Testing

@Suite struct EncodedTimeTests {
    private static func encoded(_ date: Date) -> [UInt8] {
        var serializer = DEREncoder()
        EncodedTime.append(date, to: &serializer)
        return serializer.serializedBytes
    }

    @Test(arguments: [
        (-631_152_000.0, "170d3530303130313030303030305a"),  // 500101000000Z
        (-1.0, "170d3639313233313233353935395a"),  // 691231235959Z
        (0.0, "170d3730303130313030303030305a"),  // 700101000000Z
        (951_782_399.0, "170d3030303232383233353935395a"),  // 000228235959Z
        (951_782_400.0, "170d3030303232393030303030305a"),  // 000229000000Z
        (2_524_607_999.0, "170d3439313233313233353935395a"),  // 491231235959Z
        (2_524_608_000.0, "180f32303530303130313030303030305a"),  // 20500101000000Z
        (4_107_542_400.0, "180f32313030303330313030303030305a"),  // 21000301000000Z: no 29 February in 2100
        (253_402_300_799.0, "180f39393939313233313233353935395a"),  // 99991231235959Z
    ])
    func writesTheFormThatTheYearWants(seconds: Double, hex: String) throws {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(Self.encoded(date).hex == hex)
        #expect(try EncodedTime.parse(try ASN1Parsing.parse([UInt8](hex: hex)[...], "time"), "time") == date)
    }

    @Test func fractionsAreCutOffAndTimesOutsideTheRangeAreClamped() {
        #expect(Self.encoded(Date(timeIntervalSince1970: 0.999)).hex == "170d3730303130313030303030305a")
        #expect(Self.encoded(Date(timeIntervalSince1970: -0.001)).hex == "170d3639313233313233353935395a")
        #expect(Self.encoded(.distantPast) == Self.encoded(Date(timeIntervalSince1970: -631_152_000)))
        #expect(Self.encoded(Date(timeIntervalSince1970: 1e30)) == Self.encoded(EncodedTime.endOfTime))
        #expect(Self.encoded(Date(timeIntervalSince1970: -1e30)) == Self.encoded(.distantPast))
    }

    @Test func everyDayOfTheRangeSurvives() throws {
        var generator = SeededGenerator()
        var moments = (0..<5000).map { _ in Int.random(in: -631_152_000...253_402_300_799, using: &generator) }
        // The days at the end of February and of each year, near enough.
        for year in 1950..<9999 {
            let start = Int(Double(year - 1970) * 365.2425) * 86_400
            moments += [start - 1, start, start + 59 * 86_400, start + 60 * 86_400]
        }
        for seconds in moments where seconds >= -631_152_000 {
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(
                try EncodedTime.parse(try ASN1Parsing.parse(Self.encoded(date)[...], "time"), "time") == date,
                "\(seconds)"
            )
        }
    }

    @Test func openSSLReadsTheSameMoment() async throws {
        let openssl = try OpenSSL()
        var generator = SeededGenerator()
        let moments = [
            -631_152_000, -86_401, 951_782_400, 2_524_607_999, 2_524_608_000, 4_107_542_400, 253_402_300_799,
        ]
        let random = (0..<8).map { _ in Int.random(in: -631_152_000...253_402_300_799, using: &generator) }
        for seconds in moments + random {
            var certificate = HandMadeCertificate("a", key: try TestKeys.ec)
            certificate.validity =
                Self.encoded(Date(timeIntervalSince1970: Double(seconds))) + Self.encoded(EncodedTime.endOfTime)
            // OpenSSL does not check the signature to print the dates.
            let der = TLV.sequence(certificate.toBeSigned, TLV.algorithm(OID.sha256WithRSA), TLV.bitString([1]))
            try openssl.write("certificate", der)
            let print = [
                "x509", "-inform", "DER", "-in", "certificate", "-noout", "-startdate", "-dateopt", "iso_8601",
            ]
            let text = try await openssl.run(print).text
            let date = Date(timeIntervalSince1970: Double(seconds))
            let iso = ISO8601DateFormatter().string(from: date).replacingOccurrences(of: "T", with: " ")
            #expect(text == "notBefore=\(iso)\n")
        }
    }

    @Test(arguments: [
        "", "Z", "991332000000Z", "990230000000Z", "990101240000Z", "990101006000Z", "9901010000", "99010100000000Z",
    ])
    func refusesWhatIsNoTime(text: String) throws {
        for tag: UInt8 in [0x17, 0x18] {
            let node = try ASN1Parsing.parse(TLV.encode(tag, Array(text.utf8))[...], "time")
            #expect(throws: PKIXError.self) { try EncodedTime.parse(node, "time") }
        }
    }
}
