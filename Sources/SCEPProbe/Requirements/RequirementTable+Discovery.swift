// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension RequirementTable {
    /// What can be seen before and around a message: functions, algorithms, capabilities, CA certificates, HTTP.
    static let discovery: [Requirement] =
        rows(
            .algorithms,
            [
                Row(1, "2.9, 3.5", .must, "GetCACaps is answered, with HTTP 200 and a list."),
                Row(2, "2.9, 4.2", .must, "GetCACert is answered, with certificates that can be read."),
                Row(3, "2.9, 3.3.1", .must, "A PKCSReq is answered with a CertRep."),
                Row(4, "2.9, 4.1", .must, "A pkiMessage can be sent as the DER body of an HTTP POST."),
                Row(5, "2.9", .must, "An envelope encrypted with AES-128-CBC is accepted."),
                Row(6, "2.9", .must, "A message digested and signed with SHA-256 is accepted."),
                Row(7, "2.9", .must, "The reply to an AES-128 and SHA-256 request uses AES and SHA-256 too."),
                Row(8, "2.9", .may, "PKIOperation by HTTP GET works, or is refused with a clean HTTP error."),
                Row(9, "2.9", .may, "A triple-DES envelope is accepted, or refused as badAlg."),
                Row(10, "2.9", .may, "A SHA-1 message is accepted, or refused as badAlg."),
                Row(11, "2.9", .mustNot, "An envelope in single DES is not accepted: FAILURE badAlg.", subject: .both),
                Row(12, "2.9", .mustNot, "An MD5 message is not accepted: FAILURE badAlg.", subject: .both),
                Row(
                    13,
                    "2.9",
                    .mustNot,
                    "No reply uses single DES or MD5, whatever the request used.",
                    kind: .everyReply
                ),
            ]
        )
        + rows(
            .capabilities,
            [
                Row(16, "3.5.1", .definition, "GetCACaps needs no message parameter."),
                Row(17, "3.5.2", .definition, "The list is plain text, one keyword a line, lines ended by LF or CRLF."),
                Row(18, "3.5.2", .must, "Keywords are written in the RFC's own upper and lower case."),
                Row(19, "3.5.2", .should, "The list's Content-Type is text/plain."),
                Row(20, "3.5.2", .definition, "Whoever lists SCEPStandard does what numbers 3 to 7 ask for."),
                Row(21, "3.5.2", .definition, "What a listed keyword stands for works."),
                Row(
                    22,
                    "3.5.2",
                    .should,
                    "A server that supports nothing sends an empty list.",
                    kind: .invisible("a server that can do something never shows what it does when it can do nothing")
                ),
                Row(23, "3.5.2, 6", .may, "Keywords beyond the RFC's have the form Prefix-Name."),
            ]
        )
        + rows(
            .caCertificates,
            [
                Row(31, "4.2.1.1", .definition, "A lone CA certificate comes as DER typed application/x-x509-ca-cert."),
                Row(
                    32,
                    "4.2.1.2",
                    .definition,
                    "Several come as a certificates-only SignedData typed application/x-x509-ca-ra-cert."
                ),
                Row(33, "2.2", .definition, "Several form a chain from the SCEP server's certificate up to the root."),
                Row(34, "2.1.2", .must, "The certificate that signs replies has keyUsage digitalSignature."),
                Row(35, "2.1.2", .must, "The certificate that requests are enveloped to has keyUsage keyEncipherment."),
                Row(
                    36,
                    "3.4",
                    .must,
                    "A certificates-only SignedData has no encapsulated content, not even an empty one."
                ),
                Row(37, "3.4", .imported, "It has version 1, no digest algorithms and no signers."),
                Row(42, "4.2", .advice, "The message parameter of GetCACert may be missing, empty or any text."),
            ]
        )
        + rows(
            .http,
            [
                Row(44, "4.1", .should, "The default path /cgi-bin/pkiclient.exe is served."),
                Row(47, "4.3", .definition, "A POST without the operation, or with an odd one, does no harm."),
                Row(49, "4.3.1", .definition, "Every CertRep is typed application/x-pki-message.", kind: .everyReply),
                Row(50, "4.1", .must, "A GET message in the standard base64 alphabet is understood.", subject: .both),
                Row(51, "4.1", .must, "A GET message with escaped + / = arrives whole.", subject: .both),
                Row(52, "", .advice, "A POST works with no Content-Type, octet-stream and a form's."),
                Row(53, "", .advice, "HTTP/1.0 without Host works."),
                Row(54, "", .advice, "A GET message with spaces for +, line breaks or missing padding is understood."),
                Row(55, "", .advice, "A CertRep FAILURE comes with HTTP 200.", kind: .everyReply),
                Row(56, "", .advice, "Rubbish gets a 4xx, too much gets 413 or 414, and never a 5xx."),
            ]
        )
}
