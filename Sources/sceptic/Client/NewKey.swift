// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import SCEPClient

/// A key that a command makes, or takes from a file.
enum NewKey {
    /// One that is there already.
    case existing(SoftwareKey)
    /// One that is to be made.
    case generated(KeyAlgorithm, OutputFile)

    var algorithm: KeyAlgorithm {
        switch self {
        case .existing(let key): key.publicKey.algorithm
        case .generated(let algorithm, _): algorithm
        }
    }

    /// The file that the key is written to.
    var file: OutputFile? {
        if case .generated(_, let file) = self { return file }
        return nil
    }

    /// Takes the key, or makes it and writes it down, so that whatever happens next can be gone on with.
    func take() throws -> SoftwareKey {
        switch self {
        case .existing(let key): return key
        case .generated(let algorithm, let file):
            do {
                let key = try SoftwareKey.generate(algorithm)
                try file.write(Array(PEM.encode(try key.pkcs8(), label: PEM.privateKey).utf8))
                return key
            } catch is CryptographyError {
                throw ClientFailure(.localFile, "a new key could not be made")
            }
        }
    }
}
