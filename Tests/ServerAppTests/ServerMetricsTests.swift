// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEP
internal import Testing

internal import struct Foundation.Date

@testable internal import Enrollment
@testable internal import ServerApp

@Suite struct ServerMetricsTests {
    private static func summary(_ type: MessageType?, _ reason: ReasonCode, seconds: Double) -> EnrollmentSummary {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        return EnrollmentSummary(
            profile: "default",
            messageType: type,
            transactionID: nil,
            reason: reason,
            detail: "",
            remoteAddress: "192.0.2.1",
            serialNumber: nil,
            receivedAt: now,
            decidedAt: now.addingTimeInterval(seconds)
        )
    }

    @Test func requestsAreCountedByProfileTypeResultAndReason() {
        let metrics = ServerMetrics()
        metrics.count(Self.summary(.pkcsReq, .issued, seconds: 0.004))
        metrics.count(Self.summary(.pkcsReq, .issued, seconds: 3))
        metrics.count(Self.summary(nil, .messageUnreadable, seconds: 0.2))
        metrics.count(Self.summary(.renewalReq, .storeUnavailable, seconds: 0.2))
        metrics.countRecovered(2)
        var text = MetricsText()
        metrics.write(to: &text)
        let lines = Set(text.text.split(separator: "\n").map(String.init))
        for sample in [
            #"sceptic_requests_total{profile="default",type="PKCSReq",result="success",reason="issued"} 2"#,
            #"sceptic_requests_total{profile="default",type="none",result="unreadable",reason="message.unreadable"} 1"#,
            #"sceptic_requests_total{profile="default",type="RenewalReq",result="unavailable",reason="store.unavailable"} 1"#,
            #"sceptic_request_duration_seconds_bucket{type="PKCSReq",le="0.0025"} 0"#,
            #"sceptic_request_duration_seconds_bucket{type="PKCSReq",le="0.005"} 1"#,
            #"sceptic_request_duration_seconds_bucket{type="PKCSReq",le="2.5"} 1"#,
            #"sceptic_request_duration_seconds_bucket{type="PKCSReq",le="+Inf"} 2"#,
            #"sceptic_request_duration_seconds_count{type="none"} 1"#,
            "sceptic_lease_recoveries_total 2",
        ] {
            #expect(lines.contains(sample), "\(sample)")
        }
    }

    @Test func valuesOfLabelsCanNotEndThem() {
        var text = MetricsText()
        text.begin("sceptic_x", .gauge, "Help.")
        text.sample([("name", "a\"} 1\n\\")], 2)
        #expect(text.text.hasSuffix("\nsceptic_x{name=\"a\\\"} 1\\n\\\\\"} 2\n"))
    }
}
