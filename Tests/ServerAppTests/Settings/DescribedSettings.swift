// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import Foundation
internal import StrictJSON

@testable internal import AdminAPI
@testable internal import ServerApp

/// A description of settings, the type that reads them, and the shortest document of it.
struct DescribedSettings: Sendable, CustomStringConvertible {
    let schema: ObjectSchema
    let minimal: JSONValue
    /// What of the minimal document something else could stand for.
    let oneOf: Set<String>
    /// What else has to be said for a member to be allowed.
    let companions: [String: [String: JSONValue]]
    /// Decodes, and tells what is wrong with the settings all the same; gives them as they are written.
    private let decode: @Sendable (JSONValue, AskedKeys) throws -> (problems: [String], written: JSONValue)

    var description: String { schema.name ?? "" }

    private init<Settings: Codable & SendableMetatype>(
        _ schema: ObjectSchema,
        _ type: Settings.Type,
        _ minimal: String = "{}",
        kind: String? = nil,
        oneOf: Set<String> = [],
        companions: [String: [String: JSONValue]] = [:],
        problems: @escaping @Sendable (Settings) -> [String] = { _ in [] }
    ) {
        var schema = schema
        if let kind { schema.properties.append(.required("type", .choice([kind]), "")) }
        self.schema = schema
        self.minimal = (try? JSONValue(strictly: minimal.utf8)) ?? .null
        self.oneOf = oneOf
        self.companions = companions
        self.decode = { value, asked in
            let decoder = SettingsDecoder(node: SettingsNode(json: value), codingPath: [], asked: asked)
            let settings = try Settings(from: decoder)
            return (problems(settings), try AdminJSON.value(settings))
        }
    }

    struct Refused: Error {}

    func read(_ document: JSONValue, _ asked: AskedKeys) throws { _ = try decode(document, asked) }

    func written(_ document: JSONValue) throws -> JSONValue { try decode(document, AskedKeys()).written.inOrder }

    /// Throws if the document can't be read or is wrong.
    func check(_ document: JSONValue) throws {
        guard try decode(document, AskedKeys()).problems.isEmpty else { throw Refused() }
    }

    /// The minimal document with a member, and what it needs beside it.
    func document(_ name: String, _ value: JSONValue) -> JSONValue {
        var members = companions[name] ?? [:]
        if case .string(let word) = value { members.merge(companions["\(name)=\(word)"] ?? [:]) { $1 } }
        members[name] = value
        return minimal.changed(by: .object(members))
    }

    private static let secret: JSONValue = .object(["file": .string("/a")])

    static let all: [DescribedSettings] = profiles + sources + templates

    private static let profiles = [
        DescribedSettings(
            SettingsSchema.scepProfile,
            SCEPProfileSettings.self,
            companions: ["approval=rules": ["approvalRules": .array([.object(["then": .string("wait")])])]],
            problems: { $0.problems() }
        ),
        DescribedSettings(SettingsSchema.renewal, RenewalPolicy.self) { policy in
            var settings = SCEPProfileSettings(raProfile: nil)
            settings.renewal = policy
            return settings.problems()
        },
        DescribedSettings(SettingsSchema.approvers, ApproverPolicy.self),
        DescribedSettings(
            SettingsSchema.approvalRule,
            ApprovalRule.self,
            #"{"then": "wait"}"#
        ),
        DescribedSettings(SettingsSchema.approvalCondition, ApprovalRule.Condition.self),
        DescribedSettings(
            SettingsSchema.authorizedSigner,
            AuthorizedSigner.self,
            #"{"name": "a", "names": {"csr.subject.CN": ["*"]}, "keySHA256": "\#(String(repeating: "0f", count: 32))"}"#,
            oneOf: ["keySHA256"]
        ),
        DescribedSettings(
            SettingsSchema.raProfile,
            RAProfileSettings.self,
            problems: { $0.problems() }
        ),
        DescribedSettings(
            SettingsSchema.duplicates,
            DuplicatePolicy.self,
            companions: ["graceDays": ["subject": .string("replace")]]
        ),
    ]

    private static let sources = [
        DescribedSettings(
            SettingsSchema.stored,
            ChallengeSourceSettings.self,
            #"{"type": "stored"}"#,
            kind: "stored"
        ),
        DescribedSettings(SettingsSchema.registration, RegistrationSourceSettings.self),
        DescribedSettings(
            SettingsSchema.webhook,
            WebhookSourceSettings.self,
            #"{"url": "https://a.example/", "secret": {"file": "/a"}}"#
        ),
        DescribedSettings(
            SettingsSchema.basicCredentials,
            BasicCredentials.self,
            #"{"user": "a", "password": {"file": "/a"}}"#
        ),
        DescribedSettings(
            SettingsSchema.token,
            TokenSourceSettings.self,
            #"{"secret": {"file": "/a"}}"#,
            oneOf: ["secret"]
        ),
        DescribedSettings(SettingsSchema.program, ProgramSourceSettings.self, #"{"path": "/a"}"#),
        DescribedSettings(
            SettingsSchema.directory,
            ChallengeSourceSettings.self,
            #"{"type": "directory", "mode": "bind", "url": "ldaps://a.example", "bindDN": "uid=${csr.subject.UID}"}"#,
            kind: "directory",
            oneOf: ["bindDN"],
            companions: [
                "scope": [
                    "bindDN": .null, "base": .string("dc=a"), "filter": .string("(uid=${csr.subject.UID})"),
                    "account": .object(["dn": .string("cn=a"), "password": secret]),
                ],
                "mode=lookup": [
                    "bindDN": .null, "base": .string("dc=a"), "filter": .string("(uid=${csr.subject.UID})"),
                    "account": .object(["dn": .string("cn=a"), "password": secret]), "attribute": .string("pin"),
                ],
            ]
        ),
        DescribedSettings(
            SettingsSchema.account,
            DirectorySourceSettings.Account.self,
            #"{"dn": "cn=a", "password": {"file": "/a"}}"#
        ),
        DescribedSettings(SettingsSchema.secret, SecretReference.self, #"{"file": "/a"}"#, oneOf: ["file"]),
    ]

    private static let templates = [
        DescribedSettings(
            SettingsSchema.certificateTemplate,
            CertificateTemplate.self,
            companions: [
                "keyUsages": ["keys": .object(["types": .array([.string("rsa")])])],
                "requiredNames": ["names": .array([.string("upn:${webhook.account}@a.example")])],
                "minimumRSABits": ["keys": .object([:])],
            ],
            problems: { template in
                // EC keys can't do everything, which is about other settings.
                template.problems().filter { !$0.hasPrefix("keyUsages has none") }
            }
        ),
        DescribedSettings(
            SettingsSchema.keyPolicy,
            KeyPolicy.self,
            companions: ["maximumRSABits": ["minimumRSABits": .integer(1024)]]
        ) { policy in
            var template = CertificateTemplate()
            template.keys = policy
            return template.problems()
        },
    ]
}

extension JSONValue {
    /// The value with its lists sorted: sets are written in any order.
    fileprivate var inOrder: JSONValue {
        switch self {
        case .array(let elements): .array(elements.map(\.inOrder).sorted { $0.written < $1.written })
        case .object(let members): .object(members.mapValues(\.inOrder))
        default: self
        }
    }
}
