// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// How strongly a requirement is meant.
package enum RequirementLevel: String, Sendable, Hashable, Codable, CaseIterable {
    case must = "MUST"
    case mustNot = "MUST NOT"
    case should = "SHOULD"
    case shouldNot = "SHOULD NOT"
    case recommended = "RECOMMENDED"
    case may = "MAY"
    case optional = "OPTIONAL"
    /// The RFC defines it without one of its keywords.
    case definition = "DEF"
    /// It comes from a standard that the RFC builds on (CMS, PKCS#10).
    case imported = "CMS"
    /// Advice from the field, or from the drafts before the RFC.
    case advice = "ADV"

    /// Whether a failure means that the server does not conform.
    package var isMandatory: Bool { self == .must || self == .mustNot }
}

/// Who is bound by a requirement.
package enum RequirementSubject: String, Sendable, Hashable, Codable {
    case server
    /// Servers and clients alike; here only the server is looked at.
    case both
}

/// The parts into which the requirements are sorted.
package enum RequirementPart: Int, Sendable, Hashable, Codable, CaseIterable {
    case algorithms = 1
    case capabilities
    case caCertificates
    case http
    case replyStructure
    case requestStructure
    case authorisation
    case success
    case pending
    case renewal
    case queries
    case passwordRecipients
    case transactions

    /// The heading in reports.
    package var title: String {
        switch self {
        case .algorithms: "Mandatory functions and algorithms"
        case .capabilities: "GetCACaps"
        case .caCertificates: "GetCACert and CA certificates"
        case .http: "HTTP"
        case .replyStructure: "What the server sends"
        case .requestStructure: "What the server has to look at"
        case .authorisation: "PKCSReq and authorisation"
        case .success: "CertRep SUCCESS"
        case .pending: "PENDING and polling"
        case .renewal: "Renewal and rollover"
        case .queries: "GetCert and GetCRL"
        case .passwordRecipients: "Keys that cannot decrypt"
        case .transactions: "Identity of transactions"
        }
    }
}

/// How the prober finds out about a requirement.
package enum RequirementKind: Sendable, Hashable {
    /// By looking at every reply.
    case everyReply
    /// By requests of its own.
    case requests
    /// By malformed requests that a weak server may not survive; only with `--dangerous`.
    case dangerousRequests
    /// By requests to a further URL, which somebody has to name.
    case furtherURL(EndpointRole)
    /// Not at all: it can't be seen from outside.
    case invisible(String)
}

/// One requirement on a SCEP server.
package struct Requirement: Sendable, Hashable {
    /// Its number in the project's list of RFC 8894.
    package let number: Int
    /// The part it belongs to.
    package let part: RequirementPart
    /// The RFC's section; empty for advice.
    package let section: String
    /// How strongly it is meant.
    package let level: RequirementLevel
    /// Who is bound.
    package let subject: RequirementSubject
    /// What is required, in one sentence.
    package let text: String
    /// How the prober finds out.
    package let kind: RequirementKind
}
