// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import PKIX
internal import SCEPCrafting
internal import SwiftASN1
internal import TestSupport
internal import Testing
internal import X509
internal import Yams

/// A source that believes everybody, and knows something of the device.
struct KnowingSource: ChallengeSource {
    let name = "knowing"
    var attributes = ChallengeAttributes()

    init(_ values: [String: [String]] = [:]) {
        for (path, texts) in values { attributes.add(path, texts) }
    }

    func judge(_ question: ChallengeQuestion) async -> ChallengeAnswer {
        .accept(claims: [], attributes: attributes, strength: .unguessable)
    }
}

/// A template under test: what comes of a request.
struct TemplateBench {
    let world: World
    let profile: ServedProfile

    /// A profile with a template in YAML, whose source knows the values.
    init(_ yaml: String, _ values: [String: [String]] = [:]) async throws {
        try await self.init(try Self.template(yaml), values)
    }

    init(_ template: CertificateTemplate, _ values: [String: [String]] = [:]) async throws {
        self.world = try await World()
        self.profile = try world.profile(template: template, sources: [KnowingSource(values)])
    }

    static func template(_ yaml: String) throws -> CertificateTemplate {
        try YAMLDecoder().decode(CertificateTemplate.self, from: yaml)
    }

    /// The certificate of a device that asks for a subject; nil when it is refused.
    func certificate(
        _ subject: Name,
        extensions: [[UInt8]] = [],
        key: SoftwareKey? = nil
    ) async throws -> EncodedCertificate? {
        let device = try Device("device", key: key, in: world)
        let message = try device.message("x", extensions: extensions) { $0.subject = subject.der }
        return try await world.ask(message, profile: profile).certificate
    }

    /// The subject and the names of the certificate of a device that asks for a subject, or the reason against it.
    func outcome(
        _ subject: Name,
        extensions: [[UInt8]] = [],
        key: SoftwareKey? = nil
    ) async throws -> String {
        guard let issued = try await certificate(subject, extensions: extensions, key: key) else {
            return try #require(world.observer.reasons.last).rawValue
        }
        return ([issued.subject.description] + issued.nameTexts).joined(separator: " ")
    }

    func outcome(
        _ subject: String,
        extensions: [[UInt8]] = [],
        key: SoftwareKey? = nil
    ) async throws -> String {
        try await outcome(try Name(subject), extensions: extensions, key: key)
    }

    /// What the trace says last of a step.
    func detail(_ step: String) async throws -> String? {
        try await world.latestTrace().steps.last { $0.name == step }?.detail
    }
}

extension EncodedCertificate {
    /// The alternative names as people read them.
    var nameTexts: [String] {
        let names = self.extension([2, 5, 29, 17]).flatMap { try? SubjectAlternativeNames($0) }
        return (names ?? SubjectAlternativeNames()).map { name in
            "\(NameKind(of: name)?.rawValue ?? "?"):\(NameKind.text(of: name) ?? "?")"
        }
    }

    /// The extended key usages as people read them.
    var extendedUsages: [String] {
        let usages = self.extension([2, 5, 29, 37]).flatMap { try? ExtendedKeyUsage($0) } ?? ExtendedKeyUsage()
        return usages.map { ExtendedUsage(oid: ASN1ObjectIdentifier($0)).description }
    }
}
