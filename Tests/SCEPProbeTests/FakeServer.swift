// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Foundation
internal import PKIX
internal import SCEPCrafting
internal import Synchronization
internal import TestSupport
internal import X509

@testable internal import SCEPProbe

/// A small SCEP server that does everything the RFC names, and whatever a breakage says instead.
final class FakeServer: Sendable {
    /// A key with its certificate.
    struct Party: Sendable {
        var certificate: EncodedCertificate
        var key: SoftwareKey
    }

    struct Key: Hashable, Sendable {
        var role: EndpointRole
        var id: String
        var signer: [UInt8]
    }

    struct Transaction: Sendable {
        var state: State
        var request: CertificationRequest
        var firstNonce: [UInt8]
        var polls = 0

        enum State: Sendable, Equatable {
            case pending
            case issued(EncodedCertificate)
            case denied
        }
    }

    struct State: Sendable {
        var transactions: [Key: Transaction] = [:]
        var usedChallenges: [String: [UInt8]] = [:]
        var names: Set<[UInt8]> = []
        var serial: UInt16 = 0x1000
        var firstCertificate: EncodedCertificate?
    }

    let breakage: Breakage
    let authority: Party
    let registration: Party
    let nextAuthority: Party
    let ecAuthority: Party
    let state = Mutex(State())

    init(_ breakage: Breakage) throws {
        self.breakage = breakage
        let ca = try Self.certificate("Fake CA", key: TestKeys.authority, usage: 0x86)
        self.authority = Party(certificate: ca, key: try TestKeys.authority)
        var ra = HandMadeCertificate("Fake RA", key: try TestKeys.registration)
        ra.issuer = HandMadeCertificate.name("Fake CA")
        ra.signer = try TestKeys.authority
        ra.serialNumber = [0x52]
        ra.extensions = [HandMadeCertificate.extension(OID.keyUsage, TLV.encode(0x03, breakage.usage))]
        self.registration = Party(certificate: try ra.read(), key: try TestKeys.registration)
        let next = try Self.certificate("Next CA", key: TestKeys.other, usage: 0xA6)
        self.nextAuthority = Party(certificate: next, key: try TestKeys.other)
        let ec = try Self.certificate("EC CA", key: TestKeys.ec, usage: 0x86)
        self.ecAuthority = Party(certificate: ec, key: try TestKeys.ec)
    }

    private static func certificate(_ name: String, key: SoftwareKey, usage: UInt8) throws -> EncodedCertificate {
        var certificate = HandMadeCertificate(name, key: key)
        certificate.extensions = [
            HandMadeCertificate.extension(OID.basicConstraints, TLV.sequence([0x01, 0x01, 0xFF])),
            // digitalSignature, keyCertSign and cRLSign; 0x20 is keyEncipherment
            HandMadeCertificate.extension(OID.keyUsage, TLV.encode(0x03, [1, usage])),
        ]
        return try certificate.read()
    }

    /// Who signs replies at a URL, and who issues.
    func parties(_ role: EndpointRole) -> (speaker: Party, issuer: Party) {
        if role == .ec { return (ecAuthority, ecAuthority) }
        return (breakage.hasNoRA ? authority : registration, authority)
    }

    /// Decides a request that waits.
    func decide(_ id: String, approve: Bool) throws {
        let found = state.withLock { $0.transactions.first { $0.key.id == id && $0.value.state == .pending } }
        guard let (key, transaction) = found else { throw Refusal(failInfo: "4") }
        let certificate = approve ? try issue(transaction.request, by: authority) : nil
        state.withLock { $0.transactions[key]?.state = certificate.map { .issued($0) } ?? .denied }
    }

    // MARK: - HTTP

    func respond(_ question: LoopbackServer.Question) -> LoopbackServer.Answer {
        var answer = plainAnswer(question)
        breakage.http(question, &answer)
        return answer
    }

    private func plainAnswer(_ question: LoopbackServer.Question) -> LoopbackServer.Answer {
        let role = EndpointRole.allCases.first { question.path == "/\($0.rawValue)" } ?? .main
        guard question.path.dropFirst() == role.rawValue || question.path == ProbeURL.defaultPath else {
            return .init(status: 404)
        }
        guard question.body.count < 1 << 20, question.target.count < 1 << 20 else { return .init(status: 413) }
        if question.method == "POST" { return pkiOperation(question.body, role) }
        switch question.parameter("operation") {
        case "GetCACaps": return .init(body: Array(capabilities(role).utf8))
        case "GetCACert": return caCertificates(role)
        case "GetNextCACert": return role == .rollover ? nextCertificates() : .init(status: 404)
        case "PKIOperation": return pkiOperation(Self.decoded(question.parameter("message") ?? ""), role)
        default: return .init(status: 400)
        }
    }

    private func capabilities(_ role: EndpointRole) -> String {
        if let broken = breakage.capabilities[role.rawValue] { return broken }
        var keywords = ["AES", "DES3", "POSTPKIOperation", "SCEPStandard", "SHA-1", "SHA-256", "SHA-512"]
        if role != .noRenewal { keywords.append("Renewal") }
        if role == .rollover { keywords.append("GetNextCACert") }
        return keywords.joined(separator: "\n") + "\n"
    }

    private static func decoded(_ message: String) -> [UInt8] {
        var text = (message.removingPercentEncoding ?? "").replacing(" ", with: "+").replacing("\n", with: "")
        while text.count % 4 != 0 { text += "=" }
        return Array(Data(base64Encoded: text) ?? Data())
    }

    private func caCertificates(_ role: EndpointRole) -> LoopbackServer.Answer {
        var list =
            role == .ec
            ? [ecAuthority.certificate]
            : breakage.hasNoRA ? [authority.certificate] : [registration.certificate, authority.certificate]
        breakage.authorities(&list)
        if let only = list.first, list.count == 1 { return .init(type: "application/x-x509-ca-cert", body: only.der) }
        let body = breakage.degenerate(TLV.context(0, list.flatMap(\.der)), [])
        return .init(type: "application/x-x509-ca-ra-cert", body: body)
    }

    private func nextCertificates() -> LoopbackServer.Answer {
        do {
            var list = [nextAuthority.certificate.der]
            var lists: [[UInt8]] = []
            breakage.contents(&list, &lists)
            let content = Breakage.degenerate(TLV.context(0, list.flatMap(\.self)), [])
            var builder = PKIMessageBuilder(content: content, signer: authority.certificate, key: authority.key)
            builder.attributes = []
            return .init(type: "application/x-x509-next-ca-cert", body: try builder.build())
        } catch {
            return .init(status: 500)
        }
    }

    // MARK: - Certificates

    /// Issues a certificate for a request.
    func issue(_ request: CertificationRequest, by issuer: Party, name: [UInt8]? = nil) throws -> EncodedCertificate {
        var certificate = HandMadeCertificate("", key: issuer.key)
        certificate.subject = name ?? request.subject.der
        certificate.issuer = issuer.certificate.subject.der
        certificate.subjectPublicKeyInfo =
            breakage.issuesForAnotherKey
            ? try TestKeys.client.publicKey.subjectPublicKeyInfo : request.subjectPublicKeyInfo.der
        let serial = state.withLock { state -> UInt16 in
            state.serial += 1
            return state.serial
        }
        certificate.serialNumber = [0x01, UInt8(serial >> 8), UInt8(serial & 0xFF)]
        if breakage.blind.contains(.wishes), request.der.contains(run: OID.basicConstraints) {
            certificate.extensions = [
                HandMadeCertificate.extension(OID.basicConstraints, TLV.sequence([0x01, 0x01, 0xFF]))
            ]
        }
        return try certificate.read()
    }
}

/// A "no": a failInfo, or an HTTP status of three digits.
struct Refusal: Error {
    var failInfo: String
    var text: String? = "refused"
}
