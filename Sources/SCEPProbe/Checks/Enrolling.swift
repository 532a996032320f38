// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import SCEPCrafting

extension Check {
    static let enrolment = [
        Check(name: "a first enrolment", numbers: [3, 4, 5, 6, 20, 21, 97] + seenInSuccess) {
            _ = try await $0.firstEnrolment()
        },
        Check(name: "SHA-512", numbers: [21]) { try await $0.checkKeywordSHA512() },
    ]

    static let algorithms = [
        Check(name: "triple DES", numbers: [9, 21]) { try await $0.checkTripleDES() },
        Check(name: "SHA-1", numbers: [10, 21]) { try await $0.checkSHA1() },
        Check(name: "single DES and MD5", numbers: [11, 12, 13]) { try await $0.checkForbiddenAlgorithms() },
    ]
}

extension ProbeSession {
    /// The first enrolment, which many checks build on: AES-128, SHA-256, POST, and everything as it should be.
    ///
    /// - Returns: nil when no certificate came of it.
    func firstEnrolment() async throws -> Enrolment? {
        if let first { return first }
        first = .some(nil)
        guard var made = try await enrol("enrolment", [3, 4, 5, 6, 97]) else { return nil }
        if made.reply.certRep == nil, !main.lists("POSTPKIOperation"), !main.lists("SCEPStandard") {
            // A server from before POST: say so, and go on by GET.
            main.needsGET = true
            fail(4, expected: "an answer to POST", made.reply.seen)
            guard let again = try await enrol("enrolment by GET", [3]) else { return nil }
            made = again
        }
        judgeFirst(made)
        if made.reply.issued == nil, made.reply.isFailure || made.reply.certRep == nil {
            // What else is asked needs a certificate, however it is got.
            if let old = try await enrolOldFashioned() { made = old }
        }
        guard made.reply.issued != nil else { return nil }
        first = made
        return made
    }

    private func judgeFirst(_ made: Enrolment) {
        let reply = made.reply
        let here = reply.exchange
        expect(3, reply.certRep != nil, "a CertRep", reply.seen, here)
        if !main.needsGET { expect(4, reply.certRep != nil, "a CertRep", reply.seen, here) }
        guard reply.verdict != .pending else {
            for number in [5, 6, 97] { cannot(number, "the request waits for approval") }
            return
        }
        let worked = reply.verdict == .success && reply.issued != nil
        for number in [5, 6, 97] { expect(number, worked, "SUCCESS with a certificate", reply.seen, here) }
        for (keyword, what) in [("AES", "AES-128-CBC"), ("SHA-256", "SHA-256"), ("POSTPKIOperation", "POST")]
        where main.lists(keyword) {
            expect(21, worked, "\(keyword) works", worked ? "\(what) works" : "\(keyword): \(reply.seen)", here)
        }
    }

    /// Triple DES and SHA-1, for servers that know nothing newer.
    private func enrolOldFashioned() async throws -> Enrolment? {
        guard let made = try await enrol("enrolment with triple DES and SHA-1", [], Self.oldFashioned) else {
            return nil
        }
        guard made.reply.issued != nil else { return nil }
        notes.append("AES-128 and SHA-256 did not get a certificate, but triple DES and SHA-1 did.")
        return made
    }

    private static var oldFashioned: Spoilers {
        Spoilers(
            envelope: { use(.tripleDESCBC, OID.tripleDESCBC, &$0) },
            outer: { $0.use(.sha1, OID.sha1) }
        )
    }

    static func use(_ cipher: ContentCipher, _ oid: [UInt8], _ envelope: inout EnvelopeBuilder) {
        envelope.cipher = cipher
        envelope.cipherOID = oid
    }

    // MARK: - Algorithms

    /// A request with an algorithm that a server may or may not know.
    private func checkOptional(_ number: Int, _ keyword: String, _ name: String, _ spoilers: Spoilers) async throws {
        guard let made = try await enrol("enrolment with \(name)", [number], spoilers) else { return }
        let reply = made.reply
        let accepted = reply.verdict == .success
        if reply.verdict == .pending { return cannot(number, "the request waits for approval") }
        expect(
            number,
            accepted || reply.verdict == .failure("0"),
            "SUCCESS or FAILURE badAlg",
            reply.seen,
            reply.exchange
        )
        if main.lists(keyword) { expect(21, accepted, "\(keyword) works", "\(keyword): \(reply.seen)", reply.exchange) }
    }

    func checkTripleDES() async throws {
        try await checkOptional(
            9,
            "DES3",
            "triple DES",
            Spoilers(envelope: { Self.use(.tripleDESCBC, OID.tripleDESCBC, &$0) })
        )
    }

    func checkSHA1() async throws {
        try await checkOptional(10, "SHA-1", "SHA-1", Spoilers(outer: { $0.use(.sha1, OID.sha1) }))
    }

    func checkKeywordSHA512() async throws {
        guard main.lists("SHA-512") else { return }
        let spoilers = Spoilers(outer: { $0.use(.sha512, OID.sha512) })
        guard let made = try await enrol("enrolment with SHA-512", [21], spoilers) else { return }
        expect(21, made.reply.verdict == .success, "SHA-512 works", "SHA-512: \(made.reply.seen)", made.reply.exchange)
    }

    func checkForbiddenAlgorithms() async throws {
        try await refuse(11, "single DES", failInfo: "0") { sender, challenge in
            let spoilers = Spoilers(envelope: { Self.use(.insecureDESCBC, OID.desCBC, &$0) })
            return try enrolment(sender, challenge: challenge, at: main, spoilers).sent
        }
        try await refuse(12, "MD5", failInfo: "0") { sender, challenge in
            let spoilers = Spoilers(outer: { $0.use(.insecureMD5, OID.md5) })
            return try enrolment(sender, challenge: challenge, at: main, spoilers).sent
        }
    }
}
