// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// All operations there are.
public enum AdminOperations: Sendable {
    /// By noun, and the nouns in the order of the command line.
    public static let all: [any AdminOperation.Type] =
        challenges
        + operators + tokens
        + requests
        + certificates
        + authorities
        + registrations
        + audit
        + profiles
        + raProfiles

    static let challenges: [any AdminOperation.Type] = [
        ListChallenges.self, NewChallenges.self, RevokeChallenge.self,
    ]

    static let operators: [any AdminOperation.Type] = [
        ListOperators.self, ShowOperator.self, NewOperator.self, SetOperator.self, DisableOperator.self,
        EnableOperator.self, DeleteOperator.self, SetPassword.self,
    ]

    static let tokens: [any AdminOperation.Type] = [
        ListTokens.self, NewToken.self, RevokeToken.self, WhoAmI.self,
    ]

    static let requests: [any AdminOperation.Type] = [
        ListRequests.self, ExplainRequest.self, ListWaitingRequests.self, ShowWaitingRequest.self, ApproveRequest.self,
        DenyRequest.self, TryRequest.self,
    ]

    static let certificates: [any AdminOperation.Type] = [
        ListCertificates.self, ShowCertificate.self, RevokeCertificate.self, ReleaseCertificate.self,
        RevokeCertificates.self,
    ]

    static let authorities: [any AdminOperation.Type] = [
        ShowCA.self, ListIssuers.self, GetCertificateList.self, ListIssuerKeys.self, PrepareIssuerKey.self,
        ActivateIssuerKey.self, CancelIssuerKey.self, RotateRA.self, RetireRA.self, ListAuthorities.self,
        AddAuthority.self, PutAuthorityList.self, RemoveAuthority.self,
    ]

    static let registrations: [any AdminOperation.Type] = [
        NewRegistration.self, ImportRegistrations.self, ListRegistrations.self, ShowRegistration.self,
        RevokeRegistration.self, UnlockRegistration.self,
    ]

    static let audit: [any AdminOperation.Type] = [
        ListAudit.self, VerifyAudit.self, ExportAudit.self,
    ]

    static let profiles: [any AdminOperation.Type] =
        profileVerbs(SCEPProfiles.self) + [ApplyProfiles.self, ExportProfiles.self]

    static let raProfiles: [any AdminOperation.Type] = profileVerbs(RAProfiles.self)

    private static func profileVerbs<Noun: ProfileNoun>(_ noun: Noun.Type) -> [any AdminOperation.Type] {
        [
            ListProfiles<Noun>.self, ShowProfile<Noun>.self, NewProfile<Noun>.self, ReplaceProfile<Noun>.self,
            SetProfile<Noun>.self, EnableProfile<Noun>.self, DisableProfile<Noun>.self, DeleteProfile<Noun>.self,
        ]
    }
}
