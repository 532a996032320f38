// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// A certificate that was issued.
public struct CertificateDocument: ListedDocument, Hashable {
    /// Where it stands.
    public enum Status: String, Codable, Sendable, CaseIterable {
        /// It is neither revoked nor over.
        case valid
        /// It is over, and was not revoked.
        case expired
        /// It is revoked for now.
        case onHold = "on hold"
        /// It is revoked for good, whether it is over or not.
        case revoked

        static let schema = Schema.choice(allCases.map(\.rawValue))
    }

    /// Its id.
    public var id: Identifier
    /// Its serial number, hexadecimal.
    public var serialNumber: String
    /// Its subject.
    public var subject: String
    /// The profile that it was issued through.
    public var profile: String
    /// The start of its validity.
    public var notBefore: Date
    /// The end of its validity.
    public var notAfter: Date
    /// When it was issued.
    public var issuedAt: Date
    /// Where it stands.
    public var status: Status
    /// Since when it is revoked.
    public var revokedAt: Date?
    /// Why it is revoked.
    public var reason: String?
    /// SHA-256 of the certificate.
    public var sha256: String
    /// SHA-256 of its public key.
    public var publicKeySHA256: String
    /// The certificate in base64, where it is asked for.
    public var certificate: String?
    /// The certificates of its issuers in base64, the nearest first, where one certificate is shown.
    public var chain: [String]?

    /// Puts a document together.
    public init(
        id: Identifier,
        serialNumber: String,
        subject: String,
        profile: String,
        notBefore: Date,
        notAfter: Date,
        issuedAt: Date,
        status: Status,
        sha256: String,
        publicKeySHA256: String
    ) {
        self.id = id
        self.serialNumber = serialNumber
        self.subject = subject
        self.profile = profile
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.issuedAt = issuedAt
        self.status = status
        self.sha256 = sha256
        self.publicKeySHA256 = publicKeySHA256
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Certificate",
        .required("id", .identifier, "Its id."),
        .required("serialNumber", .text, "Its serial number in hexadecimal digits."),
        .required("subject", .text, "Its subject (RFC 4514)."),
        .required("profile", .text, "The profile that it was issued through."),
        .required("notBefore", .moment, "The start of its validity."),
        .required("notAfter", .moment, "The end of its validity."),
        .required("issuedAt", .moment, "When it was issued."),
        .required("status", Status.schema, "Where it stands."),
        .optional("revokedAt", .moment, "Since when it is revoked."),
        .optional("reason", .text, "Why it is revoked (RFC 5280 §5.3.1)."),
        .required("sha256", .text, "SHA-256 of the certificate."),
        .required("publicKeySHA256", .text, "SHA-256 of its SubjectPublicKeyInfo."),
        .optional("certificate", .text, "The certificate, DER in base64, where it is asked for."),
        .optional(
            "chain",
            .list(of: .text),
            "The certificates of its issuers, DER in base64, the nearest first; where one certificate is shown."
        )
    )
}

/// Which certificates are looked for.
public struct CertificateFilterDocument: AdminDocument, Hashable {
    /// With this serial number.
    public var serial: String?
    /// Whose subject contains this.
    public var subject: String?
    /// Whose subject is this.
    public var exactSubject: String?
    /// With this alternative name.
    public var name: String?
    /// With this SHA-256.
    public var fingerprint: String?
    /// With this SHA-256 of the public key.
    public var publicKey: String?
    /// Through this profile.
    public var profile: String?
    /// By the CA of this name.
    public var issuer: String?
    /// That stand so.
    public var status: [CertificateDocument.Status]?
    /// Issued then or later.
    public var issuedSince: Date?
    /// Issued before.
    public var issuedBefore: Date?
    /// That end then or later.
    public var expiresSince: Date?
    /// That end before.
    public var expiresBefore: Date?
    /// That end within so many days from now.
    public var expiresWithinDays: Int?

    /// Looks for all.
    public init() {}

    /// What its JSON looks like.
    public static let schema = ObjectSchema("CertificateFilter", properties)

    private static let digest = Schema.string(minimum: 64, maximum: 95, pattern: "([0-9A-Fa-f]{2}[: ]?){32}")

    static let properties: [ObjectSchema.Property] = [
        .optional(
            "serial",
            .string(minimum: 1, maximum: 128),
            "Those with this serial number only, in hexadecimal digits."
        ),
        .optional("subject", .string(minimum: 1, maximum: 256), "Those whose subject contains this, in whatever case."),
        .optional("exactSubject", .string(minimum: 1, maximum: 1024), "Those with this subject only (RFC 4514)."),
        .optional(
            "name",
            .string(minimum: 3, maximum: 1024),
            "Those with this alternative name only, such as 'dns:a.example' or 'ip:192.0.2.1'."
        ),
        .optional("fingerprint", digest, "The one with this SHA-256 only, in hexadecimal digits."),
        .optional("publicKey", digest, "Those for the public key whose SubjectPublicKeyInfo has this SHA-256."),
        .optional("profile", .servedProfile, "Those that were issued through this profile only."),
        .optional("issuer", .string(minimum: 1, maximum: 64), "Those of the CA with this name only."),
        .optional(
            "status",
            .list(of: CertificateDocument.Status.schema, minimum: 1, maximum: 4),
            "Those that stand so; several words are for any of them."
        ),
        .optional("issuedSince", .moment, "Those that were issued then or later."),
        .optional("issuedBefore", .moment, "Those that were issued before."),
        .optional("expiresSince", .moment, "Those that end then or later."),
        .optional("expiresBefore", .moment, "Those that end before; they come in the order of their ends."),
        .optional(
            "expiresWithinDays",
            .integer(0...36_500),
            "Those that end within so many days from now; they come in the order of their ends."
        ),
    ]
}

/// Lists and finds certificates.
public enum ListCertificates: AdminOperation {
    /// Which ones.
    public struct Input: AdminDocument {
        /// Which ones are looked for.
        public var filter: CertificateFilterDocument
        /// Whether the certificates themselves are wanted.
        public var withCertificates: Bool?
        /// Where to begin.
        public var after: Identifier?
        /// How many.
        public var limit: Int?

        /// Says which ones.
        public init(
            _ filter: CertificateFilterDocument = CertificateFilterDocument(),
            withCertificates: Bool? = nil,
            after: Identifier? = nil,
            limit: Int? = nil
        ) {
            self.filter = filter
            self.withCertificates = withCertificates
            self.after = after
            self.limit = limit
        }

        private enum CodingKeys: String, CodingKey {
            case withCertificates, after, limit
        }

        /// Reads what is looked for beside the rest: a query knows no objects.
        public init(from decoder: any Decoder) throws {
            filter = try CertificateFilterDocument(from: decoder)
            let values = try decoder.container(keyedBy: CodingKeys.self)
            withCertificates = try values.decodeIfPresent(Bool.self, forKey: .withCertificates)
            after = try values.decodeIfPresent(Identifier.self, forKey: .after)
            limit = try values.decodeIfPresent(Int.self, forKey: .limit)
        }

        /// Writes what is looked for beside the rest.
        public func encode(to encoder: any Encoder) throws {
            try filter.encode(to: encoder)
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encodeIfPresent(withCertificates, forKey: .withCertificates)
            try values.encodeIfPresent(after, forKey: .after)
            try values.encodeIfPresent(limit, forKey: .limit)
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            CertificateFilterDocument.properties + [
                .optional("withCertificates", .boolean, "Whether the certificates themselves are wanted, in base64."),
                .after, .limit,
            ]
        )
    }

    /// What is answered.
    public typealias Output = Page<CertificateDocument>

    /// The name of the operation.
    public static let id = "certificate.list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/certificates")
    /// What it does.
    public static let summary =
        "Lists and finds certificates in the order of their issuance; a page may be short, or empty, although more follows."
    /// Whom it is for.
    public static let access = Access.reading
}

/// A certificate by what names it.
public struct CertificateReference: AdminDocument {
    /// Its serial number, or its id.
    public var certificate: String

    /// Names a certificate.
    public init(certificate: String) { self.certificate = certificate }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(nil, property)

    static let property = ObjectSchema.Property.required(
        "certificate",
        .string(minimum: 1, maximum: 128),
        "Its serial number in hexadecimal digits, or its id."
    )
}

/// Shows a certificate.
public enum ShowCertificate: AdminOperation {
    /// Which one.
    public typealias Input = CertificateReference
    /// What is answered.
    public typealias Output = CertificateDocument

    /// The name of the operation.
    public static let id = "certificate.show"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/certificates/{certificate}")
    /// What it does.
    public static let summary = "Shows a certificate, with its issuers'."
    /// Whom it is for.
    public static let access = Access.reading
}
