// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

package import Cryptography
package import PKIX
package import SCEP
package import SCEPCrafting

/// Who takes part in one enrolment: a CA, its RA, and a client with a self-signed certificate.
package struct SCEPScene: Sendable {
    /// The CA's certificate.
    package let authority: EncodedCertificate
    /// The RA's key and certificate.
    package let credential: RACredential
    /// The client's key.
    package let clientKey: SoftwareKey
    /// The client's self-signed certificate.
    package let client: EncodedCertificate
    /// The client's request, DER.
    package let request: [UInt8]

    /// Sets the scene.
    package init(
        clientKey: SoftwareKey? = nil,
        registrationKey: SoftwareKey? = nil,
        challenge: String? = "Example-1234"
    ) throws {
        let authorityKey = try TestKeys.authority
        self.authority = try HandMadeCertificate("Example CA", key: authorityKey).read()
        let registrationKey = try registrationKey ?? TestKeys.registration
        var registration = HandMadeCertificate("Example RA", key: registrationKey)
        registration.issuer = HandMadeCertificate.name("Example CA")
        registration.serialNumber = [0x52, 0x41]
        registration.signer = authorityKey
        self.credential = RACredential(
            certificate: try registration.read(),
            key: registrationKey,
            alongside: [authority.der]
        )
        let key = try clientKey ?? TestKeys.client
        self.clientKey = key
        self.client = try HandMadeCertificate("device-1", key: key).read()
        self.request = try HandMadeRequest("device-1", key: key, challenge: challenge).der()
    }

    /// A right envelope around the request.
    package func envelope() throws -> EnvelopeBuilder {
        try EnvelopeBuilder(request, to: credential.certificate)
    }

    /// A right PKCSReq, its envelope spoilt or not.
    package func message(_ spoil: (inout EnvelopeBuilder) -> Void = { _ in }) throws -> PKIMessageBuilder {
        var envelope = try envelope()
        spoil(&envelope)
        return PKIMessageBuilder(content: try envelope.build(), signer: client, key: clientKey)
    }

    /// The certificate that the CA issues for the request.
    package func issued() throws -> EncodedCertificate {
        var certificate = HandMadeCertificate("device-1", key: clientKey)
        certificate.issuer = HandMadeCertificate.name("Example CA")
        certificate.serialNumber = [0x77, 0x01]
        certificate.signer = try TestKeys.authority
        return try certificate.read()
    }
}
