// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import PKIX
internal import SCEPCrafting
internal import X509

extension Check {
    static let discovery = [
        Check(name: "the message parameter of GetCACert", numbers: [42]) { try await $0.checkMessageParameter() },
        Check(name: "GetNextCACert", numbers: [21, 148, 149, 151]) { try await $0.checkNextCACert() },
    ]

    /// The keywords that the RFC names (§3.5.2).
    static let keywords = [
        "AES", "DES3", "GetNextCACert", "POSTPKIOperation", "Renewal", "SHA-1", "SHA-256", "SHA-512", "SCEPStandard",
    ]
}

extension ProbeSession {
    /// Asks a URL for its capabilities and certificates, and judges them.
    func discover(_ endpoint: Endpoint) async throws {
        let name = endpoint.role == .main ? "" : " of \(endpoint.role.option)"
        let (_, caps) = try await exchange(
            "GetCACaps\(name)",
            .get(endpoint.url.target("GetCACaps")),
            with: endpoint.url
        )
        judgeCapabilities(caps, endpoint)
        let (_, certs) = try await exchange(
            "GetCACert\(name)",
            .get(endpoint.url.target("GetCACert")),
            with: endpoint.url
        )
        judgeCertificates(certs, endpoint)
    }

    private func judgeCapabilities(_ result: Result<HTTPAnswer, ConnectionTrouble>, _ endpoint: Endpoint) {
        guard case .success(let answer) = result else {
            if case .failure(let trouble) = result {
                fail(1, expected: "HTTP 200", trouble.sentence)
                fail(16, expected: "HTTP 200", trouble.sentence)
            }
            return
        }
        expect(1, answer.status == 200, "HTTP 200", "HTTP \(answer.status)")
        expect(16, answer.status == 200, "HTTP 200", "HTTP \(answer.status)")
        guard answer.status == 200 else { return }
        let type = answer.mediaType
        expect(19, type == "text/plain", "text/plain", type ?? "no Content-Type")
        let text = String(decoding: answer.body, as: UTF8.self)
        let lines = text.split(omittingEmptySubsequences: true) { $0 == "\n" || $0 == "\r\n" }
            .map { String($0) }
        let odd = lines.first { line in
            line.isEmpty
                || line.unicodeScalars.contains { !$0.isASCII || $0.value <= 0x20 || ",;".unicodeScalars.contains($0) }
        }
        expect(17, odd == nil, "one keyword a line", odd.map { "the line \"\($0)\"" } ?? "\(lines.count) lines")
        endpoint.capabilities = text.split { $0.isNewline || $0 == "," || $0 == ";" || $0 == " " }.map { String($0) }
        judgeKeywords(endpoint.capabilities)
    }

    private func judgeKeywords(_ found: [String]) {
        for keyword in found {
            if let known = Check.keywords.first(where: { $0.lowercased() == keyword.lowercased() }) {
                expect(18, known == keyword, known, keyword)
            } else {
                let hyphen = keyword.firstIndex(of: "-")
                let prefix = hyphen.map { keyword[..<$0] } ?? ""
                // SHA-384 is no organisation's keyword, though it looks like one.
                let isPrivate = !prefix.isEmpty && prefix != "SHA" && keyword.last != "-"
                expect(23, isPrivate, "a prefix that names an organisation", keyword)
            }
        }
        if found.isEmpty { cannot(18, "no keyword is listed") }
        let extra = found.filter { one in !Check.keywords.contains { $0.lowercased() == one.lowercased() } }
        if extra.isEmpty { pass(23, "no further keyword") }
    }

    private func judgeCertificates(_ result: Result<HTTPAnswer, ConnectionTrouble>, _ endpoint: Endpoint) {
        guard case .success(let answer) = result else {
            if case .failure(let trouble) = result { fail(2, expected: "certificates", trouble.sentence) }
            return
        }
        let (alone, several) = Self.caCertificates(answer)
        guard answer.status == 200, alone != nil || several?.certificates.isEmpty == false else {
            return fail(
                2,
                expected: "HTTP 200 and certificates",
                "HTTP \(answer.status), no certificate that can be read"
            )
        }
        let type = answer.mediaType ?? "no Content-Type"
        if let alone {
            endpoint.authorities = [alone]
            expect(31, type == "application/x-x509-ca-cert", "application/x-x509-ca-cert", type)
        } else if let several {
            endpoint.authorities = several.certificates
            expect(32, type == "application/x-x509-ca-ra-cert", "application/x-x509-ca-ra-cert", type)
            expect(
                36,
                !several.hasContent,
                "no content",
                several.hasContent ? "GetCACert: a content" : "GetCACert: no content"
            )
            expect(
                37,
                several.oddity == nil,
                "version 1, no digest algorithms, no signers",
                "GetCACert: \(several.oddity ?? "as it should be")"
            )
            judgeChain(several.certificates)
        }
        pass(2, endpoint.authorities.map(\.label).joined(separator: "; "))
        if let recipient = endpoint.recipient {
            let usage = recipient.keyUsage
            let words = usage.map { $0.keyEncipherment ? "keyEncipherment" : "no keyEncipherment" } ?? "no keyUsage"
            expect(35, usage?.keyEncipherment == true, "keyUsage keyEncipherment", "\(recipient.label): \(words)")
        }
    }

    /// The certificate of an answer to GetCACert, or the list of several.
    private static func caCertificates(_ answer: HTTPAnswer) -> (alone: EncodedCertificate?, several: CertificatesOnly?)
    {
        if let certificate = try? EncodedCertificate(derEncoded: answer.body) { return (certificate, nil) }
        return (nil, try? CertificatesOnly(answer.body))
    }

    /// Whether each certificate is issued by another one up to one that is self-signed.
    private func judgeChain(_ certificates: [EncodedCertificate]) {
        let orphan = certificates.first { one in !certificates.contains { one.isIssued(by: $0) } }
        let root = certificates.first { $0.isSelfIssued && $0.isIssued(by: $0) }
        let words = certificates.map(\.label).joined(separator: "; ")
        if let orphan {
            fail(33, expected: "the issuer of each certificate", "the issuer of \(orphan.label) is missing")
        } else {
            expect(33, root != nil, "a root at the end", words)
        }
    }

    // MARK: - Further queries

    func checkMessageParameter() async throws {
        for (name, value) in [("an empty one", ""), ("any text", "CA-1"), ("a made-up one", "sceptic%20probe%2F%3F")] {
            for operation in ["GetCACert", "GetCACaps"] {
                let question = HTTPQuestion.get(main.url.target(operation, message: value))
                let (number, result) = try await exchange("\(operation), message: \(name)", question, with: main.url)
                let status = (try? result.get())?.status
                expect(42, status == 200, "HTTP 200", "\(name): \(status.map { "HTTP \($0)" } ?? "no answer")", number)
            }
        }
    }

    func checkNextCACert() async throws {
        if let rollover = try await endpoint(.rollover) {
            try await judgeNextCACert(rollover)
        } else if main.lists("GetNextCACert") {
            try await judgeNextCACert(main)
        } else {
            for number in [148, 149] {
                cannot(number, "GetNextCACert is not listed; name a CA with a successor by --rollover-url")
            }
        }
        guard !main.lists("GetNextCACert") else { return cannot(151, "there is a next CA") }
        let (number, result) = try await exchange(
            "GetNextCACert without a next CA",
            .get(main.url.target("GetNextCACert")),
            with: main.url
        )
        let status = (try? result.get())?.status
        expect(
            151,
            (400...599).contains(status ?? 0),
            "an HTTP error",
            status.map { "HTTP \($0)" } ?? "no answer",
            number
        )
    }

    func judgeNextCACert(_ endpoint: Endpoint) async throws {
        let (number, result) = try await exchange(
            "GetNextCACert",
            .get(endpoint.url.target("GetNextCACert")),
            with: endpoint.url
        )
        guard let answer = try? result.get(), answer.status == 200, let reading = try? CertRepReading(answer.body)
        else {
            let what = (try? result.get()).map { "HTTP \($0.status), no signed message" } ?? "no answer"
            fail(148, expected: "a signed message", what, number)
            if endpoint.lists("GetNextCACert") { fail(21, expected: "GetNextCACert works", what, number) }
            return
        }
        expect(
            148,
            answer.mediaType == "application/x-x509-next-ca-cert",
            "application/x-x509-next-ca-cert",
            answer.mediaType ?? "no Content-Type",
            number
        )
        let signer = reading.signer(among: endpoint.authorities)
        let digest = reading.value(OID.messageDigest)?.content
        let isSigned = signer.map { reading.isSigned(by: $0) } ?? false
        let fits = digest != nil && digest == reading.digest?.digest(reading.content ?? [])
        expect(
            148,
            isSigned && fits,
            "a signature by a certificate of GetCACert",
            isSigned && fits ? "so it is" : "not signed by one",
            number
        )
        let contents = reading.content.flatMap { try? CertificatesOnly($0) }
        let next = contents?.certificates.filter { !endpoint.authorities.contains($0) } ?? []
        expect(
            149,
            !next.isEmpty,
            "a certificate of the next CA",
            next.isEmpty ? "none" : next.map(\.label).joined(separator: "; "),
            number
        )
        if endpoint.lists("GetNextCACert") { pass(21, "GetNextCACert works", number) }
        nextAuthorities = next
    }
}
