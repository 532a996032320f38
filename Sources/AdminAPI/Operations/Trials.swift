// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import struct Foundation.Date

/// What would become of a request.
public struct TrialDocument: AdminDocument, Hashable {
    /// The words for it.
    public enum Outcome: String, Codable, Sendable, CaseIterable {
        /// There would be a certificate.
        case issued = "would be issued"
        /// Somebody would have to decide.
        case waiting = "would wait for approval"
        /// There would be none.
        case refused = "would be refused"
    }

    /// The certificate that there would be.
    public struct Preview: Codable, Sendable, Hashable {
        /// The subject.
        public var subject: String
        /// The alternative names.
        public var names: [String]
        /// The key's type and size.
        public var key: String
        /// The start of its validity.
        public var notBefore: Date
        /// The end of its validity.
        public var notAfter: Date
        /// What the key may be used for.
        public var usages: [String]
        /// The names of its extensions.
        public var extensions: [String]

        /// Puts a preview together.
        public init(
            subject: String,
            names: [String],
            key: String,
            notBefore: Date,
            notAfter: Date,
            usages: [String],
            extensions: [String]
        ) {
            self.subject = subject
            self.names = names
            self.key = key
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.usages = usages
            self.extensions = extensions
        }

        static let schema = ObjectSchema(
            "CertificatePreview",
            .required("subject", .text, "The subject (RFC 4514)."),
            .required("names", .list(of: .text), "The alternative names."),
            .required("key", .text, "The key's type and size."),
            .required("notBefore", .moment, "The start of its validity."),
            .required("notAfter", .moment, "The end of its validity."),
            .required("usages", .list(of: .text), "What the key may be used for."),
            .required("extensions", .list(of: .text), "The names of all extensions.")
        )
    }

    /// What would become of it.
    public var outcome: Outcome
    /// When it was tried.
    public var time: Date
    /// The profile.
    public var profile: String
    /// Whether the challenge is accepted.
    public var authenticated: Bool
    /// The stable code of the result.
    public var reason: String
    /// What the code means.
    public var sentence: String?
    /// What would help.
    public var hint: String?
    /// The steps.
    public var steps: [TraceDocument.Step]
    /// The certificate that there would be.
    public var certificate: Preview?

    /// Puts a document together.
    public init(
        outcome: Outcome,
        time: Date,
        profile: String,
        authenticated: Bool,
        reason: String,
        sentence: String?,
        hint: String?,
        steps: [TraceDocument.Step],
        certificate: Preview?
    ) {
        self.outcome = outcome
        self.time = time
        self.profile = profile
        self.authenticated = authenticated
        self.reason = reason
        self.sentence = sentence
        self.hint = hint
        self.steps = steps
        self.certificate = certificate
    }

    /// What its JSON looks like.
    public static let schema = ObjectSchema(
        "Trial",
        .required("outcome", .choice(Outcome.allCases.map(\.rawValue)), "What would become of it."),
        .required("time", .moment, "When it was tried."),
        .required("profile", .text, "The profile that it would be sent to."),
        .required("authenticated", .boolean, "Whether its challenge is accepted."),
        .required("reason", .text, "The stable code of the result."),
        .optional("sentence", .text, "What the code means."),
        .optional("hint", .text, "What would help."),
        .required("steps", .list(of: .object(TraceDocument.Step.schema)), "What was looked at, in order."),
        .optional("certificate", .object(Preview.schema), "The certificate that there would be.")
    )
}

/// Tells what would become of a request; nothing is used up or stored.
public enum TryRequest: AdminOperation {
    /// The most bytes of a request.
    public static let maximumByteCount = 65_536

    /// The request.
    public struct Input: AdminDocument {
        /// The PKCS#10 request in base64.
        public var request: String
        /// The profile that it would be sent to.
        public var profile: String
        /// The challenge; the request's own if nil.
        public var challenge: String?

        /// Puts a request together.
        public init(request: String, profile: String, challenge: String? = nil) {
            self.request = request
            self.profile = profile
            self.challenge = challenge
        }

        /// What its JSON looks like.
        public static let schema = ObjectSchema(
            "TrialInput",
            .required("request", .base64(byteCount: maximumByteCount), "The PKCS#10 request, DER in base64."),
            .required("profile", .servedProfile, "The profile that it would be sent to."),
            .optional("challenge", .string(maximum: 4096), "The challenge; the request's own if it is left out.").secret
        )
    }

    /// What would become of it.
    public typealias Output = TrialDocument

    /// The name of the operation.
    public static let id = "request.try"
    /// Where it is.
    public static let endpoint = Endpoint(.post, "/trials")
    /// What it does.
    public static let summary =
        "Tells whether a request would get a certificate, and which; nothing is used up or stored."
    /// Whom it is for: it tells whether a challenge is right, and counts no wrong one.
    public static let access = Access.administering
    /// It only looks, though a request is too long for a URL, and a challenge must not stand in one.
    public static let isReading = true
}
