// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension RequirementTable {
    /// What stands in replies, and what in requests the server has to look at.
    static let messages: [Requirement] =
        rows(
            .replyStructure,
            [
                seen(57, "3.2", .must, "The encapsulated content's type is id-data."),
                seen(58, "3.2", .must, "The content of a reply, where there is any, is an EnvelopedData."),
                seen(59, "3.2", .must, "The SignerInfo has signed attributes."),
                seen(60, "3.2.1", .must, "transactionID is a PrintableString, byte for byte the request's."),
                seen(61, "3.2.1.2", .must, "messageType is the PrintableString 3."),
                seen(62, "3.2.1", .must, "senderNonce is an OCTET STRING of 16 bytes, new in each reply."),
                seen(63, "3.2.1.5", .must, "recipientNonce is the request's senderNonce."),
                seen(64, "3.2.1", .must, "The attributes contentType and messageDigest are there and right."),
                seen(65, "3.2.1.3", .must, "pkiStatus is the PrintableString 0, 2 or 3."),
                seen(66, "3.2.1.4", .must, "A FAILURE has a failInfo, a PrintableString from 0 to 4."),
                seen(67, "3.2.1", .definition, "Only a FAILURE has a failInfo."),
                seen(68, "3.2.1.4", .definition, "failInfoText is a UTF8String."),
                seen(69, "3.3.2.2", .must, "A FAILURE has no envelope."),
                Row(70, "3.3.2.3", .must, "A PENDING has no envelope.", kind: .furtherURL(.manual)),
                seen(71, "3.2.2", .must, "What is encrypted is declared as id-data."),
                seen(72, "2.3", .definition, "A SUCCESS is encrypted to the certificate that signed the request."),
                seen(73, "", .imported, "Signed attributes stand in the order of DER, and the signature is right."),
                seen(74, "App. A", .definition, "The signer's certificate is enclosed, and GetCACert lists it."),
                seen(75, "", .imported, "The envelope's version is the one for its kind of recipient."),
                seen(76, "3.1", .definition, "A SUCCESS is encrypted first, then signed."),
                Row(
                    77,
                    "3.1",
                    .shouldNot,
                    "Message data never travels in the clear, neither to clients nor from them."
                ),
            ]
        )
        + rows(
            .requestStructure,
            [
                Row(78, "3.2.1", .must, "A request without transactionID is not carried out."),
                Row(79, "3.2.1.2", .must, "A request without messageType is not carried out."),
                Row(80, "3.2.1.2", .must, "Undefined messageTypes (18, 1, 99, abc, empty) are errors."),
                Row(81, "3.2.1.2", .must, "The messageTypes 0 (reserved) and 3 (CertRep) are errors in a request."),
                Row(82, "3.2", .must, "A request without signed attributes is an error.", kind: .dangerousRequests),
                Row(83, "3.2", .must, "A request whose content type isn't id-data is an error."),
                Row(84, "3.2, 3.2.2", .must, "Data that does not fit the messageType is FAILURE badRequest."),
                Row(85, "3.2.1.4", .definition, "A changed signature is FAILURE badMessageCheck."),
                Row(86, "3.2.1.4", .definition, "Content changed after signing is FAILURE badMessageCheck."),
                Row(87, "3.2.1.4", .definition, "An unknown digest or cipher is FAILURE badAlg."),
                Row(88, "3.2.1.4", .definition, "badTime is only said of a signingTime that is far off."),
                Row(89, "2.3", .must, "A request without its signer's certificate is an error."),
                Row(90, "2.3", .must, "A signature by another key than the certificate's is FAILURE badMessageCheck."),
                Row(91, "3.2.1", .must, "A request without senderNonce is an error."),
                Row(92, "", .advice, "An envelope for somebody else is refused like any that doesn't open."),
                Row(93, "", .advice, "No signer, or two, is an error.", kind: .dangerousRequests),
                Row(94, "", .advice, "BER with indefinite lengths and strings in pieces is read."),
                Row(95, "", .advice, "Signed attributes that nobody knows are passed over."),
                Row(
                    96,
                    "",
                    .advice,
                    "Broken ciphertexts are refused, each with the same answer.",
                    kind: .dangerousRequests
                ),
            ]
        )

    private static func seen(_ number: Int, _ section: String, _ level: RequirementLevel, _ text: String) -> Row {
        Row(number, section, level, text, kind: .everyReply)
    }
}
