// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension RequirementTable {
    /// What the operations have to do.
    static let operations: [Requirement] = enrolment + waiting + renewal + others

    private static let enrolment: [Requirement] =
        rows(
            .authorisation,
            [
                Row(97, "3.3.1", .must, "A request with subject, key and challenge is accepted."),
                Row(
                    98,
                    "2.4",
                    .mustNot,
                    "A self-signed certificate alone authenticates nobody: no challenge, no SUCCESS."
                ),
                Row(99, "2.4", .definition, "A wrong challenge gets FAILURE badRequest or PENDING."),
                Row(100, "2.4", .recommended, "A challenge serves once: another key gets nothing for it."),
                Row(101, "2.4", .may, "A request that is not authorised is refused or left PENDING."),
                Row(102, "2.3", .should, "The self-signed certificate may have another subject than the request."),
                Row(107, "", .advice, "A PKCS#10 request whose own signature is wrong gets FAILURE."),
                Row(108, "", .advice, "A request for another key than the self-signed certificate's gets FAILURE."),
                Row(109, "", .advice, "The challenge is read from Printable-, UTF8-, Teletex-, BMP- and IA5String."),
                Row(110, "", .advice, "Wishes for CA, keyCertSign or a Windows SID are not granted."),
                Row(
                    111,
                    "7.3",
                    .definition,
                    "Challenges are not stored in the clear, not logged, and expire.",
                    kind: .invisible("how a server stores and logs can't be seen from outside")
                ),
            ]
        )
        + rows(
            .success,
            [
                seen(112, "3.3.2.1", .must, "The certificate that was issued is among the enclosed ones."),
                seen(113, "3.3.2.1", .must, "It is the leaf of those enclosed."),
                seen(114, "", .advice, "It is the first of those enclosed."),
                seen(115, "3.4", .must, "The enclosed certificates-only SignedData has no content."),
                seen(116, "2.3", .definition, "It is for the request's key, and the signer's key opens the envelope."),
            ]
        )

    private static let waiting: [Requirement] = rows(
        .pending,
        [
            Row(
                122,
                "4.3.1",
                .may,
                "Where somebody has to approve, a PKCSReq gets PENDING.",
                kind: .furtherURL(.manual)
            ),
            Row(124, "4.4", .must, "A CertPoll for a transaction that isn't there is refused."),
            Row(
                125,
                "4.4",
                .definition,
                "A CertPoll gets PENDING before the decision, then SUCCESS or FAILURE.",
                kind: .furtherURL(.manual)
            ),
            Row(
                126,
                "3.3.3",
                .should,
                "A CertPoll is found by its transactionID, whatever names it carries.",
                kind: .furtherURL(.manual)
            ),
            Row(
                128,
                "3.3.2",
                .definition,
                "Each CertPoll has a nonce of its own, which the reply repeats.",
                kind: .furtherURL(.manual)
            ),
            Row(
                129,
                "5.2",
                .definition,
                "A CertPoll after SUCCESS gets the certificate again.",
                kind: .furtherURL(.manual)
            ),
            Row(
                130,
                "5.2",
                .definition,
                "A new PKCSReq beside one that is PENDING is handled.",
                kind: .furtherURL(.manual)
            ),
            Row(131, "5.2", .definition, "A second request for a name gets a certificate or a FAILURE."),
            Row(135, "", .advice, "A CertPoll signed by another key gets FAILURE.", kind: .furtherURL(.manual)),
            Row(136, "3.3.3", .definition, "A CertPoll without the attributes of every message is an error."),
        ]
    )

    private static let renewal: [Requirement] = rows(
        .renewal,
        [
            Row(137, "2.5, 3.5.2", .definition, "Where Renewal is listed, RenewalReq with a new key works."),
            Row(138, "2.5", .may, "RenewalReq for the same key is granted or refused, by a CertRep."),
            Row(139, "2.4", .optional, "RenewalReq needs no challenge."),
            Row(140, "2.4", .may, "RenewalReq may carry the original challenge."),
            Row(141, "2.3", .definition, "The reply to a RenewalReq is encrypted to the old certificate."),
            Row(142, "2.4", .advice, "RenewalReq by a self-signed or foreign certificate gets FAILURE."),
            Row(143, "", .advice, "RenewalReq for another subject gets FAILURE."),
            Row(144, "", .advice, "PKCSReq signed by an issued certificate is a renewal, without challenge."),
            Row(145, "2.3", .may, "Another CA's certificate renews only where somebody allowed it."),
            Row(
                146,
                "",
                .definition,
                "Where Renewal is not listed, RenewalReq gets FAILURE.",
                kind: .furtherURL(.noRenewal)
            ),
            Row(
                148,
                "4.7.1",
                .definition,
                "GetNextCACert is signed by the current CA and typed application/x-x509-next-ca-cert.",
                kind: .furtherURL(.rollover)
            ),
            Row(
                149,
                "4.7.1",
                .definition,
                "What GetNextCACert signs is a certificates-only SignedData with the next CA.",
                kind: .furtherURL(.rollover)
            ),
            Row(151, "", .advice, "Without a next CA, GetNextCACert is an HTTP error and no keyword promises it."),
            Row(
                152,
                "5.1",
                .definition,
                "A PKCSReq enveloped for the next CA gets a certificate of the next CA.",
                kind: .furtherURL(.rollover)
            ),
        ]
    )

    private static let others: [Requirement] =
        rows(
            .queries,
            [
                Row(154, "3.3.2.1", .must, "GetCert for a known serial number gets that certificate, as leaf."),
                Row(155, "3.2.1.4", .definition, "GetCert for an unknown serial number gets FAILURE badCertId."),
                Row(156, "4.5.1", .definition, "GetCert is never PENDING."),
                Row(157, "3.3.2.1", .must, "GetCRL gets a CRL, in the field for CRLs."),
                Row(158, "2.7, 4.6.1", .definition, "GetCRL gets one CRL and no certificates."),
                Row(
                    159,
                    "2.6",
                    .definition,
                    "GetCert for another client's certificate is answered or refused by a CertRep."
                ),
                Row(
                    161,
                    "2.9",
                    .advice,
                    "GetCert and GetCRL, if not supported, get FAILURE badRequest, not an HTTP error."
                ),
            ]
        )
        + rows(
            .passwordRecipients,
            [
                Row(
                    162,
                    "3.1",
                    .definition,
                    "RSA recipients get KeyTransRecipientInfo.",
                    subject: .both,
                    kind: .everyReply
                ),
                Row(
                    163,
                    "3.1",
                    .definition,
                    "EC recipients get PasswordRecipientInfo under the challenge.",
                    subject: .both
                ),
                Row(164, "", .imported, "A request under PBKDF2 and PWRI-KEK opens.", kind: .furtherURL(.ec)),
                Row(165, "", .imported, "A reply under PasswordRecipientInfo opens with the challenge."),
                Row(166, "", .advice, "An EC client without challenge gets FAILURE, and nothing is issued."),
                Row(
                    167,
                    "",
                    .advice,
                    "Absurd iteration counts and wrapped keys of odd lengths are refused quickly.",
                    kind: .dangerousRequests
                ),
                Row(168, "3.1", .definition, "A server without support for EC clients says FAILURE badAlg."),
            ]
        )
        + rows(
            .transactions,
            [
                Row(170, "3.2.1.1", .definition, "Any PrintableString of 1 to 255 characters may be a transactionID."),
                Row(171, "", .advice, "The same request again, under the same id and key, gets the same certificate."),
                Row(
                    172,
                    "",
                    .advice,
                    "Another key under the same id never gets at, or disturbs, the first transaction."
                ),
                Row(
                    173,
                    "",
                    .advice,
                    "The same id at another CA or profile is another transaction.",
                    kind: .furtherURL(.other)
                ),
                Row(174, "", .advice, "A replayed request issues nothing new."),
            ]
        )

    private static func seen(_ number: Int, _ section: String, _ level: RequirementLevel, _ text: String) -> Row {
        Row(number, section, level, text, kind: .everyReply)
    }
}
