// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SCEPCrafting
internal import Synchronization
internal import Testing

@testable internal import SCEPProbe

/// What reports say, and what they must not; and where a run ends.
@Suite struct ReportTests {
    /// A server that puts words into every failInfoText.
    private static func saying(_ text: String) -> Breakage {
        var breakage = Breakage()
        breakage.blind = [.challenge]
        breakage.refusals = [.everything: "2"]
        breakage.reply = { status, builder in
            guard status == "2" else { return }
            builder.replace(OID.failInfoText, with: TLV.attribute(OID.failInfoText, TLV.utf8(text)))
        }
        return breakage
    }

    private static func renderings(_ report: ProbeReport) throws -> [String] {
        [TextReport.render(report), try JSONReport.render(report), HTMLReport.render(report)]
    }

    @Test func challengesThatAServerRepeatsStandInNoReport() async throws {
        let report = try await ProbeRun.report(Self.saying("you said good-main-0"), only: [97])
        for text in try Self.renderings(report) {
            #expect(!text.contains("good-main"))
            #expect(text.contains("you said [challenge]"))
        }
    }

    @Test func wordsOfAServerAreTextInThePageAndObeyedByNoTerminal() async throws {
        let report = try await ProbeRun.report(Self.saying("<script>x</script>\u{1B}[2J"), only: [97])
        let page = HTMLReport.render(report)
        #expect(!page.contains("<script"))
        #expect(page.contains("&lt;script&gt;"))
        #expect(!TextReport.render(report).contains("\u{1B}"))
    }

    @Test func thePageHasARowAndAnAnchorForEachRequirement() async throws {
        let page = HTMLReport.render(try await ProbeRun.report(Breakage(), only: [1]))
        for requirement in RequirementTable.all { #expect(page.contains("<tr id=\"r\(requirement.number)\"")) }
        for link in page.split(separator: "href=\"#").dropFirst() {
            let anchor = link.prefix { $0 != "\"" }
            #expect(page.contains("id=\"\(anchor)\""), "\(anchor)")
        }
    }

    @Test func malformedRequestsTakeAFlag() async throws {
        let report = try await ProbeRun.report(Breakage(), only: [56, 82, 93, 96, 167]) {
            $0.sendsDangerousRequests = false
        }
        let skipped = report.results.filter { $0.outcome == .skipped }.map(\.number)
        #expect(skipped == [82, 93, 96, 167])
        #expect(report.results.first { $0.number == 56 }?.outcome == .pass)
    }

    @Test func aRunEndsAtItsLimitOfRequests() async throws {
        let report = try await ProbeRun.report(Breakage()) { $0.maximumRequests = 12 }
        #expect(report.exchanges.count == 12)
        #expect(report.notes == ["The run ended early: the limit of requests was reached."])
        #expect(report.results.first { $0.number == 174 }?.reason == "the run ended before")
    }

    @Test func aServerThatClosesItsConnectionsIsAFindingAndNoError() async throws {
        var breakage = Breakage()
        breakage.http = { if $0.method == "POST" { $1.isSilent = true } }
        let report = try await ProbeRun.report(breakage, only: [3, 4, 97])
        let result = try #require(report.results.first { $0.number == 3 })
        #expect(result.outcome == .fail)
        #expect(result.findings.first?.seen == "the connection was closed without an answer")
        #expect(!report.conforms)
    }

    @Test func everyExchangeIsHandedOverToBeSaved() async throws {
        let saved = Mutex<[(Int, String, [UInt8], [UInt8])]>([])
        let report = try await ProbeRun.report(Breakage(), only: [97]) {
            $0.save = { number, label, sent, received in
                saved.withLock { $0.append((number, label, sent, received)) }
            }
        }
        let all = saved.withLock { $0 }
        #expect(all.map(\.0) == report.exchanges.map(\.number))
        #expect(all.map(\.1) == report.exchanges.map(\.label))
        #expect(all.allSatisfy { !$0.2.isEmpty && !$0.3.isEmpty })
    }

    @Test func whatCanNotBeSavedEndsTheRun() async throws {
        struct Full: Error {}
        await #expect(throws: ProbeError.notSaved("Full()")) {
            _ = try await ProbeRun.report(Breakage(), only: [97]) { $0.save = { _, _, _, _ in throw Full() } }
        }
    }

    @Test func aProfileChangesWhatCounts() async throws {
        var breakage = Breakage()
        breakage.blind = [.md5, .des]
        let strict = try await ProbeRun.report(breakage, only: [11, 12])
        #expect(strict.mandatoryFailures.map(\.number) == [11, 12])
        let draft = try await ProbeRun.report(breakage, only: [11, 12]) { $0.profile = .draftNourse }
        #expect(draft.results.filter { $0.outcome == .fail }.map(\.number) == [11, 12])
        #expect(draft.conforms)
    }

    @Test func appleNeedsADigestAndACipherInTheList() async throws {
        var breakage = Breakage()
        breakage.capabilities["main"] = "POSTPKIOperation\nSHA-256\n"
        let report = try await ProbeRun.report(breakage, only: [1]) { $0.profile = .apple }
        #expect(report.needs.map(\.outcome) == [.fail, .pass])
        #expect(!report.conforms)
    }

    @Test func everyChangeOfAProfileIsOfARequirement() {
        for profile in ExpectationProfile.all {
            #expect(profile.changes.allSatisfy { RequirementTable.requirement($0.number) != nil })
            #expect(Set(profile.changes.map(\.number)).count == profile.changes.count, "\(profile.name)")
        }
    }
}

/// How answers are read.
@Suite struct ReadingTests {
    private static func read(_ text: String, ended: Bool = false) -> HTTPAnswer.Progress {
        HTTPAnswer.read(Array(text.utf8), ended: ended)
    }

    @Test func anAnswerIsReadByItsLengthItsChunksOrItsEnd() {
        guard case .complete(let sized) = Self.read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc") else {
            Issue.record("not complete")
            return
        }
        #expect(sized.body == Array("ab".utf8))
        guard
            case .complete(let chunked) = Self.read(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n"
            )
        else {
            Issue.record("not complete")
            return
        }
        #expect(chunked.status == 400)
        #expect(chunked.body == Array("abc".utf8))
        #expect(Self.read("HTTP/1.0 200 OK\r\n\r\nab") == .incomplete)
        guard case .complete(let ended) = Self.read("HTTP/1.0 200 OK\r\n\r\nab", ended: true) else {
            Issue.record("not complete")
            return
        }
        #expect(ended.body == Array("ab".utf8))
    }

    @Test(arguments: ["", "rubbish", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
    func whatIsNoAnswerIsUnreadableInTheEnd(_ text: String) {
        #expect(Self.read(text, ended: true) == .unreadable)
    }

    @Test func indefiniteLengthsAndStringsInPiecesBecomeDefinite() throws {
        let pieces = TLV.indefinite(0x30, TLV.segments(0x04, Array(1...9), of: 4))
        #expect(try DefiniteForm.of(pieces) == TLV.sequence(TLV.octetString(Array(1...9))))
        let deep = (0..<100).reduce([UInt8]()) { inner, _ in TLV.indefinite(0x30, inner) }
        #expect(throws: DefiniteForm.Defect.self) { try DefiniteForm.of(deep) }
        for bytes: [UInt8] in [
            [], [0x30], [0x30, 0x80], [0x30, 0x05, 1], [0x04, 0x80, 0, 0], [0x30, 0x85, 1, 1, 1, 1, 1],
        ] {
            #expect(throws: DefiniteForm.Defect.self) { try DefiniteForm.of(bytes) }
        }
    }

    @Test func aURLIsTakenApart() throws {
        let url = try #require(ProbeURL("https://[::1]:8443/scep?a=b"))
        #expect(url.host == "::1" && url.port == 8443 && url.isSecure && url.authority == "[::1]:8443")
        #expect(url.target("GetCACaps") == "/scep?a=b&operation=GetCACaps")
        #expect(url.description == "https://[::1]:8443/scep")
        #expect(ProbeURL("http://ca.example")?.path == ProbeURL.defaultPath)
        for text in ["ftp://a", "http://u:p@a", "http://", "a", "http://a#b"] {
            #expect(ProbeURL(text) == nil, "\(text)")
        }
    }
}
