// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Lists a CA's keys.
public enum ListIssuerKeys: AdminOperation {
    /// Which CA.
    public typealias Input = IssuerReference
    /// Its keys, the oldest first, in one page.
    public typealias Output = Page<IssuerKeyDocument>

    /// The name of the operation.
    public static let id = "ca.rollover-status"
    /// Where it is.
    public static let endpoint = Endpoint(.get, "/issuers/{issuer}/keys")
    /// What it does.
    public static let summary = "Lists a CA's keys with their RAs, in one page."
    /// Whom it is for.
    public static let access = Access.reading
}

/// Makes a CA's next key.
public enum PrepareIssuerKey: AdminOperation {
    /// Of which CA.
    public struct Input: AdminDocument {
        /// The CA.
        public var issuer: String
        /// The type of the key; that of the present one if nil.
        public var keyType: KeyType?

        /// Says of which CA.
        public init(issuer: String, keyType: KeyType? = nil) {
            self.issuer = issuer
            self.keyType = keyType
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "NextKey",
            IssuerReference.property,
            .optional(
                "keyType",
                KeyType.schema,
                "The type of the next key; that of the present one if it is left out."
            )
        )
    }

    /// The next key.
    public typealias Output = IssuerKeyDocument

    /// The name of the operation.
    public static let id = "ca.rollover-prepare"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/issuers/{issuer}/next-key")
    /// What it does.
    public static let summary = "Makes a CA's next key, with its certificate and RA; GetNextCACert names it."
    /// Whom it is for.
    public static let access = Access.administering
    /// It makes a key.
    public static let creates = true
}

/// Lets a CA's next key issue.
public enum ActivateIssuerKey: AdminOperation {
    /// Of which CA.
    public typealias Input = IssuerReference
    /// The key that issues now.
    public typealias Output = IssuerKeyDocument

    /// The name of the operation.
    public static let id = "ca.rollover-activate"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/issuers/{issuer}/next-key/activate")
    /// What it does.
    public static let summary = "Lets a CA's next key issue, when all servers that run know it."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Takes a CA's next key back.
public enum CancelIssuerKey: AdminOperation {
    /// Of which CA.
    public typealias Input = IssuerReference
    /// The key that was taken back.
    public typealias Output = IssuerKeyDocument

    /// The name of the operation.
    public static let id = "ca.rollover-cancel"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/issuers/{issuer}/next-key/cancel")
    /// What it does.
    public static let summary = "Takes a CA's next key back; what it has issued stays good."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Gives a CA's RA a new key.
public enum RotateRA: AdminOperation {
    /// Of which CA.
    public typealias Input = IssuerReference
    /// The RA's key that is announced now.
    public typealias Output = RegistrationKeyDocument

    /// The name of the operation.
    public static let id = "ca.rotate-ra"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/issuers/{issuer}/ra")
    /// What it does.
    public static let summary = "Gives the RA a new key, which is announced as soon as all servers can decrypt with it."
    /// Whom it is for.
    public static let access = Access.administering
    /// It makes a key.
    public static let creates = true
}

/// Ends the use of an RA's former key.
public enum RetireRA: AdminOperation {
    /// Which one.
    public struct Input: AdminDocument {
        /// The CA.
        public var issuer: String
        /// Which key of the RA.
        public var generation: Int
        /// Which key of the CA it speaks for; the present one if nil.
        public var key: Int?

        /// Says which one.
        public init(issuer: String, generation: Int, key: Int? = nil) {
            self.issuer = issuer
            self.generation = generation
            self.key = key
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "RetireRA",
            IssuerReference.property,
            .required("generation", .integer(1...1_000_000), "Which key of the RA; it has to be decrypt-only."),
            .optional(
                "key",
                .integer(1...1_000_000),
                "Which key of the CA it speaks for; the present one if it is left out."
            )
        )
    }

    /// Nothing is answered.
    public typealias Output = NoContent

    /// The name of the operation.
    public static let id = "ca.retire-ra"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/issuers/{issuer}/ra/{generation}/retire")
    /// What it does.
    public static let summary = "Ends the use of an RA's former key: whoever still envelopes to it is refused."
    /// Whom it is for.
    public static let access = Access.administering
}
