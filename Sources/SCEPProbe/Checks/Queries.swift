// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SCEPCrafting

extension Check {
    static let queries = [
        Check(name: "GetCert", numbers: [154, 155, 156, 159, 161]) { try await $0.checkGetCert() },
        Check(name: "GetCRL", numbers: [157, 158, 161]) { try await $0.checkGetCRL() },
    ]
}

extension ProbeSession {
    /// A GetCert or GetCRL for a serial number.
    private func query(
        _ type: String,
        _ issuer: [UInt8],
        _ serialNumber: [UInt8],
        by sender: Identity
    ) throws -> SentMessage {
        try message(type, TLV.sequence(issuer, TLV.encode(0x02, serialNumber)), from: sender, to: main)
    }

    /// Whether a query is served at all; what isn't has to say so by FAILURE badRequest.
    private func isServed(_ name: String, _ reply: Reply, _ numbers: [Int]) -> Bool {
        switch reply.verdict {
        case .failure("2"):
            pass(161, "\(name): \(reply.seen)", reply.exchange)
        case .success, .failure("4"), .pending:
            cannot(161, "GetCert and GetCRL are supported")
            return true
        case .failure, .httpError, .unreadable, .unknownStatus, .silence:
            fail(161, expected: "FAILURE badRequest", "\(name): \(reply.seen)", reply.exchange)
        }
        for number in numbers { cannot(number, "\(name) is optional and not supported (\(reply.seen))") }
        return false
    }

    func checkGetCert() async throws {
        let numbers = [154, 155, 156, 159]
        guard let holder = try await firstEnrolment()?.holder else { return noFirst(numbers) }
        let own = holder.certificate
        let known = try await ask("GetCert", try query("21", own.issuer.der, own.serialNumber, by: holder), at: main)
        guard isServed("GetCert", known, numbers) else { return }
        let found = known.contents?.certificates ?? []
        let isLeaf = found.contains(own) && !found.contains { $0 != own && !$0.isCertificateAuthority }
        expect(
            154,
            isLeaf,
            "that certificate, as leaf",
            found.contains(own) ? "that certificate" : known.seen,
            known.exchange
        )
        expect(156, known.verdict != .pending, "SUCCESS or FAILURE", known.seen, known.exchange)
        let absent: [UInt8] = [0x01] + (0..<8).map { _ in UInt8.random(in: 0...255) }
        let unknown = try await ask(
            "GetCert for an unknown serial number",
            try query("21", own.issuer.der, absent, by: holder),
            at: main
        )
        expect(
            155,
            unknown.verdict == .failure("4"),
            "FAILURE badCertId",
            "serial number: \(unknown.seen)",
            unknown.exchange
        )
        let nobody = HandMadeCertificate.name("nobody")
        let foreign = try await ask(
            "GetCert for an unknown issuer",
            try query("21", nobody, own.serialNumber, by: holder),
            at: main
        )
        // A server may hide whether the envelope opened to anything it knows.
        expect(155, foreign.isFailure, "FAILURE", "issuer: \(foreign.seen)", foreign.exchange)
        let stranger = try await ask(
            "GetCert by another client",
            try query("21", own.issuer.der, own.serialNumber, by: try device()),
            at: main
        )
        expect(
            159,
            stranger.verdict == .success || stranger.isFailure,
            "SUCCESS or FAILURE",
            stranger.seen,
            stranger.exchange
        )
        expect(
            156,
            stranger.verdict != .pending && unknown.verdict != .pending,
            "SUCCESS or FAILURE",
            stranger.seen,
            stranger.exchange
        )
    }

    func checkGetCRL() async throws {
        let numbers = [157, 158]
        guard let holder = try await firstEnrolment()?.holder else { return noFirst(numbers) }
        let own = holder.certificate
        let reply = try await ask("GetCRL", try query("22", own.issuer.der, own.serialNumber, by: holder), at: main)
        guard isServed("GetCRL", reply, numbers) else { return }
        let lists = reply.contents?.lists ?? []
        expect(
            157,
            !lists.isEmpty,
            "a CRL",
            lists.isEmpty ? "none: \(reply.seen)" : "\(lists.count) CRL",
            reply.exchange
        )
        let certificates = reply.contents?.certificates.count ?? 0
        expect(
            158,
            lists.count == 1 && certificates == 0,
            "one CRL and no certificates",
            "\(lists.count) CRL, \(certificates) certificates",
            reply.exchange
        )
    }
}
