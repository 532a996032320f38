// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// One of the server's own certificates.
public struct OwnCertificateDocument: ListedDocument, Hashable {
    /// What it is for, such as `issuing CA`.
    public var role: String
    /// Its subject.
    public var subject: String
    /// SHA-256 of the certificate.
    public var sha256: String
    /// SHA-1 of the certificate, which some clients ask people for.
    public var sha1: String
    /// The end of its validity.
    public var notAfter: Date?
    /// The certificate in base64.
    public var certificate: String

    /// Puts a document together.
    public init(role: String, subject: String, sha256: String, sha1: String, notAfter: Date?, certificate: String) {
        self.role = role
        self.subject = subject
        self.sha256 = sha256
        self.sha1 = sha1
        self.notAfter = notAfter
        self.certificate = certificate
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "OwnCertificate",
        .required("role", .text, "What it is for, such as 'issuing CA'."),
        .required("subject", .text, "Its subject (RFC 4514)."),
        .required("sha256", .text, "SHA-256 of the certificate."),
        .required("sha1", .text, "SHA-1 of the certificate, which some clients ask people for."),
        .optional("notAfter", .moment, "The end of its validity."),
        .required("certificate", .text, "The certificate, DER in base64.")
    )
}

/// A key of an RA.
public struct RegistrationKeyDocument: AdminDocument, Hashable {
    /// Counted from 1 for each key of the CA.
    public var generation: Int
    /// Where it stands in its life.
    public var state: String
    /// Its certificate's subject.
    public var subject: String
    /// Its certificate's serial number.
    public var serialNumber: String
    /// SHA-256 of its certificate.
    public var sha256: String
    /// The end of its certificate's validity.
    public var notAfter: Date?

    /// Puts a document together.
    public init(
        generation: Int,
        state: String,
        subject: String,
        serialNumber: String,
        sha256: String,
        notAfter: Date?
    ) {
        self.generation = generation
        self.state = state
        self.subject = subject
        self.serialNumber = serialNumber
        self.sha256 = sha256
        self.notAfter = notAfter
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "RegistrationKey",
        .required("generation", .integer(1...1_000_000), "Counted from 1 for each key of the CA."),
        .required("state", .choice(["prepared", "active", "decrypt-only", "retired"]), "Where it stands in its life."),
        .required("subject", .text, "Its certificate's subject."),
        .required("serialNumber", .text, "Its certificate's serial number."),
        .required("sha256", .text, "SHA-256 of its certificate."),
        .optional("notAfter", .moment, "The end of its certificate's validity.")
    )
}

/// A key of a CA, with the RAs that speak for it.
public struct IssuerKeyDocument: ListedDocument, Hashable {
    /// The CA's name in URLs.
    public var issuer: String
    /// Which of its keys, counted from 1.
    public var key: Int
    /// Where it stands in its life.
    public var state: String
    /// Its certificate's subject.
    public var subject: String
    /// Its certificate's serial number.
    public var serialNumber: String
    /// SHA-256 of its certificate.
    public var sha256: String
    /// The end of its certificate's validity.
    public var notAfter: Date?
    /// The RAs that speak for it.
    public var ra: [RegistrationKeyDocument]

    /// Puts a document together.
    public init(
        issuer: String,
        key: Int,
        state: String,
        subject: String,
        serialNumber: String,
        sha256: String,
        notAfter: Date?,
        ra: [RegistrationKeyDocument]
    ) {
        self.issuer = issuer
        self.key = key
        self.state = state
        self.subject = subject
        self.serialNumber = serialNumber
        self.sha256 = sha256
        self.notAfter = notAfter
        self.ra = ra
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "IssuerKey",
        .required("issuer", .text, "The CA's name in URLs."),
        .required("key", .integer(1...1_000_000), "Which of its keys, counted from 1."),
        .required("state", .choice(["next", "active", "former"]), "Where it stands in its life."),
        .required("subject", .text, "Its certificate's subject."),
        .required("serialNumber", .text, "Its certificate's serial number."),
        .required("sha256", .text, "SHA-256 of its certificate."),
        .optional("notAfter", .moment, "The end of its certificate's validity."),
        .required("ra", .list(of: .object(RegistrationKeyDocument.schema)), "The RAs that speak for it.")
    )
}

/// Shows the server's own certificates.
public enum ShowCA: AdminOperation {
    /// Nothing has to be said.
    public typealias Input = NoContent
    /// The certificates, in one page.
    public typealias Output = Page<OwnCertificateDocument>

    /// The name of the operation.
    public static let id = "ca.show"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/ca")
    /// What it does.
    public static let summary = "Shows the certificates of root, issuing CA and RA, in one page."
    /// Whom it is for.
    public static let access = Access.reading
}

/// Lists the server's CAs.
public enum ListIssuers: AdminOperation {
    /// Nothing has to be said.
    public typealias Input = NoContent
    /// The keys of all CAs, in one page.
    public typealias Output = Page<IssuerKeyDocument>

    /// The name of the operation.
    public static let id = "ca.issuers"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/issuers")
    /// What it does.
    public static let summary = "Lists the keys of all CAs of this server with their RAs, in one page."
    /// Whom it is for.
    public static let access = Access.reading
}

/// One of the server's CAs.
public struct IssuerReference: AdminDocument {
    /// Its name in URLs.
    public var issuer: String

    /// Names a CA.
    public init(issuer: String) { self.issuer = issuer }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(nil, property)

    static let property = ObjectSchema.Property.required(
        "issuer",
        .string(minimum: 1, maximum: 64),
        "The CA's name in URLs, such as 'issuing'."
    )
}

/// A CRL as it is published.
public struct CertificateListDocument: AdminDocument, Hashable {
    /// The CA's subject.
    public var issuer: String
    /// The CRL's number.
    public var number: Int
    /// When it was made.
    public var thisUpdate: Date
    /// When the next one is there at the latest.
    public var nextUpdate: Date
    /// How many certificates it lists.
    public var revoked: Int
    /// The CRL in base64.
    public var crl: String

    /// Puts a document together.
    public init(issuer: String, number: Int, thisUpdate: Date, nextUpdate: Date, revoked: Int, crl: String) {
        self.issuer = issuer
        self.number = number
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.revoked = revoked
        self.crl = crl
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "CertificateList",
        .required("issuer", .text, "The CA's subject."),
        .required("number", .integer(0...(.max)), "The CRL's number."),
        .required("thisUpdate", .moment, "When it was made."),
        .required("nextUpdate", .moment, "When the next one is there at the latest."),
        .required("revoked", .integer(0...(.max)), "How many certificates it lists."),
        .required("crl", .text, "The CRL, DER in base64.")
    )
}

/// Gives a CA's CRL.
public enum GetCertificateList: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// The CA.
        public var issuer: String
        /// Which of its keys; the one that issues if nil.
        public var key: Int?
        /// The shard.
        public var shard: Int?

        /// Says which one.
        public init(issuer: String, key: Int? = nil, shard: Int? = nil) {
            self.issuer = issuer
            self.key = key
            self.shard = shard
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            nil,
            IssuerReference.property,
            .optional("key", .integer(1...1_000_000), "Which of its keys; the one that issues if it is left out."),
            .optional("shard", .integer(0...1_000_000), "The shard; 0 if it is left out.")
        )
    }

    /// What is answered.
    public typealias Output = CertificateListDocument

    /// The name of the operation.
    public static let id = "ca.crl"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/issuers/{issuer}/crl")
    /// What it does.
    public static let summary = "Gives a CA's CRL, as it is published; it is made anew if it is out of date."
    /// Whom it is for.
    public static let access = Access.reading
}
