// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// Why certificates are revoked (RFC 5280 §5.3.1).
public enum RevocationWord: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nobody said.
    case unspecified
    /// The private key is known to others.
    case keyCompromise
    /// The CA's key is.
    case cACompromise
    /// What the certificate says is not true any more.
    case affiliationChanged
    /// Another certificate took its place.
    case superseded
    /// It is needed no more.
    case cessationOfOperation
    /// For now.
    case certificateHold
    /// A right that it tells of is withdrawn.
    case privilegeWithdrawn
    /// The attribute authority's key is known to others.
    case aACompromise

    static let schema = Schema.choice(allCases.map(\.rawValue))
}

/// Revokes a certificate.
public enum RevokeCertificate: AdminOperation {
    /// Which one, and why.
    public struct Input: AdminDocument {
        /// Its serial number, or its id.
        public var certificate: String
        /// Why.
        public var reason: RevocationWord?
        /// Since when.
        public var at: Date?

        /// Says which one, and why.
        public init(certificate: String, reason: RevocationWord? = nil, at: Date? = nil) {
            self.certificate = certificate
            self.reason = reason
            self.at = at
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "RevocationInput",
            CertificateReference.property,
            .optional("reason", RevocationWord.schema, "Why; 'unspecified' if it is left out."),
            .optional("at", .moment, "Since when, if it was before now.")
        )
    }

    /// The certificate after it.
    public typealias Output = CertificateDocument

    /// The name of the operation.
    public static let id = "certificate.revoke"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/certificates/{certificate}/revoke")
    /// What it does.
    public static let summary = "Revokes a certificate; one on hold may be revoked for good."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Makes a certificate that is on hold good again.
public enum ReleaseCertificate: AdminOperation {
    /// Which one.
    public typealias Input = CertificateReference
    /// The certificate after it.
    public typealias Output = CertificateDocument

    /// The name of the operation.
    public static let id = "certificate.release"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/certificates/{certificate}/release")
    /// What it does.
    public static let summary = "Makes a certificate that is on hold good again."
    /// Whom it is for.
    public static let access = Access.administering
}

/// Revokes many certificates.
public enum RevokeCertificates: AdminOperation {
    /// The most certificates of one call.
    public static let maximumCount = 1000

    /// Which ones, and why.
    public struct Input: AdminDocument {
        /// Their serial numbers, or ids.
        public var certificates: [String]?
        /// What they are found by instead.
        public var filter: CertificateFilterDocument?
        /// Why.
        public var reason: RevocationWord?
        /// Whether it is only told which ones.
        public var dryRun: Bool?
        /// How many are expected to be found.
        public var expectedCount: Int?

        /// Says nothing yet.
        public init() {}

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "RevocationsInput",
            .optional(
                "certificates",
                .list(of: .string(minimum: 1, maximum: 128), minimum: 1, maximum: maximumCount),
                "Their serial numbers in hexadecimal digits, or their ids."
            ),
            .optional(
                "filter",
                .object(CertificateFilterDocument.schema),
                "What they are found by instead; those that are valid or on hold, if it names no status."
            ),
            .optional("reason", RevocationWord.schema, "Why; 'unspecified' if it is left out."),
            .optional("dryRun", .boolean, "Whether it is only told which ones would be revoked."),
            .optional(
                "expectedCount",
                .integer(0...maximumCount),
                "How many the filter is expected to find: needed with a filter, unless it is a dry run."
            )
        )
    }

    /// What became of each.
    public struct Output: AdminDocument {
        /// What became of one.
        public struct Item: Codable, Sendable, Hashable {
            /// The words for it.
            public enum Outcome: String, Codable, Sendable, CaseIterable {
                /// It is revoked now.
                case revoked
                /// It would be.
                case wouldBeRevoked = "would be revoked"
                /// It was revoked before, which stays.
                case alreadyRevoked = "already revoked"
            }

            /// The certificate's id.
            public var id: Identifier
            /// Its serial number.
            public var serialNumber: String
            /// Its subject.
            public var subject: String
            /// What became of it.
            public var outcome: Outcome

            /// Puts an item together.
            public init(id: Identifier, serialNumber: String, subject: String, outcome: Outcome) {
                self.id = id
                self.serialNumber = serialNumber
                self.subject = subject
                self.outcome = outcome
            }

            static let schema = ObjectSchema(
                "RevocationOutcome",
                .required("id", .identifier, "The certificate's id."),
                .required("serialNumber", .text, "Its serial number."),
                .required("subject", .text, "Its subject."),
                .required("outcome", .choice(Outcome.allCases.map(\.rawValue)), "What became of it.")
            )
        }

        /// How many were found.
        public var count: Int
        /// How many are revoked now.
        public var revoked: Int
        /// Each of them.
        public var items: [Item]

        /// Puts an answer together.
        public init(items: [Item]) {
            self.items = items
            count = items.count
            revoked = items.count { $0.outcome == .revoked }
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "Revocations",
            .required("count", .integer(0...maximumCount), "How many were found."),
            .required("revoked", .integer(0...maximumCount), "How many were revoked by this call."),
            .required("items", .list(of: .object(Item.schema)), "Each of them.")
        )
    }

    /// The name of the operation.
    public static let id = "certificate.revoke-all"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/certificate-revocations")
    /// What it does.
    public static let summary =
        "Revokes up to a thousand certificates that are named or found, each on its own: asking again goes on where it ended."
    /// Whom it is for.
    public static let access = Access.administering
}
