// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

extension SCEPHTTPRequest.Operation {
    /// Reads the operation of a GET from its query; nil if the message of a PKIOperation is absent or not base64.
    init?(query target: RequestTarget) {
        guard let encoded = target.parameter("operation") else {
            self = .missing
            return
        }
        let name = PercentDecoding.string(encoded.prefix(256))
        switch name {
        case "GetCACaps": self = .getCACaps
        case "GetCACert": self = .getCACert
        case "GetNextCACert": self = .getNextCACert
        case "PKIOperation":
            guard let message = target.parameter("message"),
                let bytes = LenientBase64.decode(PercentDecoding.bytes(message), space: .plus), !bytes.isEmpty
            else { return nil }
            self = .pkiOperation(bytes)
        default: self = .unknown(String(name.prefix(64)))
        }
    }

    /// Reads the operation of a POST from its body, which is a PKIOperation whatever the query says; nil if empty.
    ///
    /// What is neither DER nor base64 goes down as it came, so that the trace below can tell what was wrong with it.
    init?(body: [UInt8]) {
        let sequenceTag: UInt8 = 0x30
        switch body.first {
        case nil: return nil
        case sequenceTag: self = .pkiOperation(body)
        default: self = .pkiOperation(LenientBase64.decodeText(body) ?? body)
        }
    }

    /// Whether the answer may tell a cache nothing, because it is meant for one client.
    var isPKIOperation: Bool {
        if case .pkiOperation = self { return true }
        return false
    }
}
