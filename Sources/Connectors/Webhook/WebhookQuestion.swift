// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Enrollment
internal import Foundation
internal import PKIX
internal import SwiftASN1
internal import X509

/// A request's alternative names by their kinds.
struct RequestedNames: Sendable {
    var dns: [String] = []
    var email: [String] = []
    var uri: [String] = []
    var ip: [String] = []

    /// All of them as `dns:vpn.example`, `email:…`, `uri:…` and `ip:…`.
    var texts: [String] {
        dns.map { "dns:\($0)" } + email.map { "email:\($0)" } + uri.map { "uri:\($0)" } + ip.map { "ip:\($0)" }
    }

    init(_ request: CertificationRequest) {
        for name in (try? request.requestedNames()) ?? SubjectAlternativeNames() {
            switch name {
            case .dnsName(let text): dns.append(text)
            case .rfc822Name(let text): email.append(text)
            case .uniformResourceIdentifier(let text): uri.append(text)
            case .ipAddress(let octets): ip.append(IPAddressText.text(octets.bytes) ?? octets.bytes.hexadecimal)
            default: break
            }
        }
    }
}

/// The question of step-ca's SCEPCHALLENGE webhooks, field by field.
struct StepWebhookQuestion: Encodable, Sendable {
    struct Request: Encodable, Sendable {
        var raw: String
        var publicKey: String
        var publicKeyAlgorithm: String
        var version = 0
        var subject: Subject
        var dnsNames: [String]?
        var emailAddresses: [String]?
        var ipAddresses: [String]?
        var uris: [String]?
        var sans: [AlternativeName]?
        var extensions: [RequestedExtension]?
        var signatureAlgorithm: String
    }

    struct AlternativeName: Encodable, Sendable {
        var type: String
        var value: String
    }

    struct RequestedExtension: Encodable, Sendable {
        var id: String
        var critical: Bool
        var value: String
    }

    /// The subject under the names that step-ca's templates know.
    struct Subject: Encodable, Sendable {
        var country: [String]?
        var organization: [String]?
        var organizationalUnit: [String]?
        var locality: [String]?
        var province: [String]?
        var streetAddress: [String]?
        var postalCode: [String]?
        var serialNumber: String?
        var commonName: String?
        var extraNames: [NameAttribute]?

        struct NameAttribute: Encodable, Sendable {
            var type: String
            var value: String
        }

        init(_ name: Name) {
            for attribute in name.attributes.joined() {
                guard let text = attribute.text else { continue }
                switch attribute.type {
                case [2, 5, 4, 6]: country = (country ?? []) + [text]
                case [2, 5, 4, 10]: organization = (organization ?? []) + [text]
                case [2, 5, 4, 11]: organizationalUnit = (organizationalUnit ?? []) + [text]
                case [2, 5, 4, 7]: locality = (locality ?? []) + [text]
                case [2, 5, 4, 8]: province = (province ?? []) + [text]
                case [2, 5, 4, 9]: streetAddress = (streetAddress ?? []) + [text]
                case [2, 5, 4, 17]: postalCode = (postalCode ?? []) + [text]
                case [2, 5, 4, 5]: serialNumber = text
                case [2, 5, 4, 3]: commonName = text
                default:
                    extraNames = (extraNames ?? []) + [NameAttribute(type: "\(attribute.type)", value: text)]
                }
            }
        }
    }

    var timestamp: String
    var provisionerName: String
    var x509CertificateRequest: Request
    var scepChallenge: String
    var scepTransactionID: String

    init(_ question: ChallengeQuestion) {
        let names = RequestedNames(question.request)
        self.timestamp = question.now.ISO8601Format(.init(includingFractionalSeconds: true))
        self.provisionerName = question.profile
        self.scepChallenge = question.challenge
        self.scepTransactionID = question.transactionID
        self.x509CertificateRequest = Request(
            raw: Data(question.request.der).base64EncodedString(),
            publicKey: Data(question.request.subjectPublicKeyInfo.der).base64EncodedString(),
            publicKeyAlgorithm: question.keyAlgorithm.goName,
            subject: Subject(question.request.subject),
            dnsNames: names.dns.orNil,
            emailAddresses: names.email.orNil,
            ipAddresses: names.ip.orNil,
            uris: names.uri.orNil,
            sans: names.texts.map { text in
                let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
                return AlternativeName(type: parts.first ?? "", value: parts.dropFirst().first ?? "")
            }.orNil,
            extensions: question.request.requestedExtensions.map { entry in
                RequestedExtension(
                    id: "\(entry.oid)",
                    critical: entry.critical,
                    value: Data(entry.value).base64EncodedString()
                )
            }.orNil,
            signatureAlgorithm: question.request.signatureAlgorithm.goName
        )
    }
}

/// Our own flat form of the question.
struct FlatWebhookQuestion: Encodable, Sendable {
    var profile: String
    var raProfile: String
    var transactionID: String
    var challenge: String
    var subject: String
    var names: [String]
    var key: String
    var csr: String

    init(_ question: ChallengeQuestion) {
        self.profile = question.profile
        self.raProfile = question.raProfile
        self.transactionID = question.transactionID
        self.challenge = question.challenge
        self.subject = question.request.subject.description
        self.names = RequestedNames(question.request).texts
        self.key = question.keyAlgorithm.description
        self.csr = Data(question.request.der).base64EncodedString()
    }
}

extension KeyAlgorithm {
    /// The name that Go's crypto/x509 has for it.
    fileprivate var goName: String {
        switch self {
        case .rsa: "RSA"
        case .ec: "ECDSA"
        }
    }
}

extension AlgorithmIdentifier {
    /// The name that Go's crypto/x509 has for a signature algorithm; empty for others.
    fileprivate var goName: String {
        switch signatureScheme() {
        case .rsaPKCS1(let digest): digest == .insecureMD5 ? "MD5-RSA" : "\(digest.goName)-RSA"
        case .rsaPSS(let digest, _): "\(digest.goName)-RSAPSS"
        case .ecdsa(let digest): "ECDSA-\(digest.goName)"
        case nil: ""
        }
    }
}

extension DigestAlgorithm {
    fileprivate var goName: String {
        switch self {
        case .insecureMD5: "MD5"
        case .sha1: "SHA1"
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        }
    }
}

extension Array {
    fileprivate var orNil: Self? { isEmpty ? nil : self }
}
