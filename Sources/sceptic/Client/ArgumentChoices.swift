// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import Cryptography
internal import SCEPClient

/// The digests that `--digest` names.
enum DigestChoice: String, CaseIterable, ExpressibleByArgument {
    case sha1
    case sha256
    case sha384
    case sha512

    var algorithm: DigestAlgorithm {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }
}

/// The ciphers that `--cipher` names.
enum CipherChoice: String, CaseIterable, ExpressibleByArgument {
    case aes128
    case aes192
    case aes256
    case des3

    var cipher: ContentCipher {
        switch self {
        case .aes128: .aes128CBC
        case .aes192: .aes192CBC
        case .aes256: .aes256CBC
        case .des3: .tripleDESCBC
        }
    }
}

/// What `--transport` names.
enum TransportChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case get
    case post

    var transport: Transport? {
        switch self {
        case .auto: nil
        case .get: .get
        case .post: .post
        }
    }
}

/// What `--message-type` names.
enum RenewalMessageChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case renewal
    case pkcsreq

    var message: RenewalMessage {
        switch self {
        case .auto: .automatic
        case .renewal: .renewalReq
        case .pkcsreq: .pkcsReq
        }
    }
}

/// What `--source` names.
enum SourceChoice: String, CaseIterable, ExpressibleByArgument {
    case auto
    case scep

    var preference: CertificateListPreference {
        switch self {
        case .auto: .automatic
        case .scep: .getCRL
        }
    }
}
