// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Cryptography
internal import Enrollment
internal import SCEPCrafting
internal import TestSupport

/// Stories of requests that a template refuses.
extension ReasonCodeTests {
    private static let accepted = ["message", "signature", "envelope", "request", "challenge"]

    private static func story(
        _ reason: ReasonCode,
        _ step: String,
        _ yaml: String,
        extensions: [[UInt8]] = []
    ) -> Story {
        // What a request asks for beside its subject is a step of its own.
        let asking = extensions.isEmpty ? [] : ["request"]
        return Story(reason: reason, steps: accepted.dropLast() + asking + ["challenge", step]) { world in
            let profile = try world.profile(template: try TemplateBench.template(yaml))
            let message = try Device(in: world).message(try await world.code(), extensions: extensions)
            _ = try await world.ask(message, profile: profile)
        }
    }

    static let policyStories = [
        story(.policyTemplate, "template", "subject: 'CN=${webhook.serial}'"),
        story(.policyPattern, "patterns", "patterns: {CN: ['printer-*']}"),
        story(.policyExtensions, "extensions", "requestedExtensions: refuse", extensions: [Wish.power[0]]),
        story(.policyUsage, "usages", "requestedUsages: refuse", extensions: [Wish.power[2]]),
        Story(reason: .policyWeakKey, steps: accepted + ["denied keys"]) { world in
            var template = CertificateTemplate()
            template.keys.denied = [DigestAlgorithm.sha256.digest(try TestKeys.client.publicKey.subjectPublicKeyInfo)]
            let message = try Device(in: world).message(try await world.code())
            _ = try await world.ask(message, profile: try world.profile(template: template))
        },
    ]
}
