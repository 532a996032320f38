// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// The CA of somebody else whose certificates may sign renewals.
public struct AuthorityDocument: ListedDocument, Hashable {
    /// Where its CRL stands.
    public enum ListState: String, Codable, Sendable, CaseIterable {
        /// There is none.
        case missing
        /// It can be relied on.
        case current
        /// It can't any more.
        case outOfDate = "out of date"
    }

    /// Its name, as profiles name it.
    public var name: String
    /// Its subject.
    public var subject: String
    /// SHA-256 of its certificate.
    public var sha256: String
    /// The end of its certificate's validity.
    public var notAfter: Date?
    /// Where its CRL stands.
    public var crl: ListState
    /// Until when its CRL is good.
    public var crlNextUpdate: Date?

    /// Puts a document together.
    public init(
        name: String,
        subject: String,
        sha256: String,
        notAfter: Date?,
        crl: ListState,
        crlNextUpdate: Date?
    ) {
        self.name = name
        self.subject = subject
        self.sha256 = sha256
        self.notAfter = notAfter
        self.crl = crl
        self.crlNextUpdate = crlNextUpdate
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Authority",
        .required("name", .profileName, "Its name, as profiles name it."),
        .required("subject", .text, "Its subject (RFC 4514)."),
        .required("sha256", .text, "SHA-256 of its certificate."),
        .optional("notAfter", .moment, "The end of its certificate's validity."),
        .required("crl", .choice(ListState.allCases.map(\.rawValue)), "Where its CRL stands."),
        .optional("crlNextUpdate", .moment, "Until when its CRL is good.")
    )
}

/// Lists the CAs of others.
public enum ListAuthorities: AdminOperation {
    /// Nothing has to be said.
    public typealias Input = NoContent
    /// The CAs, in one page.
    public typealias Output = Page<AuthorityDocument>

    /// The name of the operation.
    public static let id = "ca.authority-list"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/authorities")
    /// What it does.
    public static let summary =
        "Lists the CAs of others whose certificates may sign renewals, with the state of their CRLs, in one page."
    /// Whom it is for.
    public static let access = Access.reading
}

/// Adds the CA of somebody else.
public enum AddAuthority: AdminOperation {
    /// The most bytes of its certificate.
    public static let maximumByteCount = 65_536

    /// Which one.
    public struct Input: AdminDocument {
        /// Its name.
        public var name: String
        /// Its certificate in base64.
        public var certificate: String

        /// Says which one.
        public init(name: String, certificate: String) {
            self.name = name
            self.certificate = certificate
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "NewAuthority",
            .required("name", .profileName, "Its name, as profiles are to name it."),
            .required("certificate", .base64(byteCount: maximumByteCount), "Its certificate, DER in base64.")
        )
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "ca.authority-add"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/authorities")
    /// What it does.
    public static let summary = "Adds the CA of somebody else whose certificates may sign renewals."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Takes a CRL of somebody else's CA up.
public enum PutAuthorityList: AdminOperation {
    /// The most bytes of a CRL.
    public static let maximumByteCount = 33_554_432

    /// Which one.
    public struct Input: AdminDocument {
        /// The CA's name.
        public var name: String
        /// The CRL in base64.
        public var crl: String

        /// Says which one.
        public init(name: String, crl: String) {
            self.name = name
            self.crl = crl
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "AuthorityCRL",
            .required("name", .profileName, "The CA's name."),
            .required("crl", .base64(byteCount: maximumByteCount), "The CRL, DER in base64.")
        )
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "ca.authority-crl"
    /// Where it is.
    public static let endpoint = Endpoint(.put, "/authorities/{name}/crl")
    /// What it does.
    public static let summary = "Takes a CRL of such a CA up, after checking its signature and dates."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Removes the CA of somebody else.
public enum RemoveAuthority: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// Its name.
        public var name: String

        /// Says which one.
        public init(name: String) { self.name = name }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(nil, .required("name", .profileName, "Its name."))
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "ca.authority-remove"
    /// Where it is.
    public static let endpoint = Endpoint(.delete, "/authorities/{name}")
    /// What it does.
    public static let summary = "Removes such a CA, if no profile names it."
    /// Whom it is for.
    public static let access = Access.administering
}
