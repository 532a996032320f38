// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOSSL

/// TLS for a listener: version 1.2 and up, HTTP/1 only, no client certificates (they confuse several devices).
enum ServerTLS {
    /// Reads the two PEM files.
    static func context(_ tls: ListenerConfiguration.TLS) throws(ListenerError) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(tls.certificateChainFile)
        } catch {
            throw .unusableCertificateChain(file: tls.certificateChainFile)
        }
        guard !chain.isEmpty else { throw .unusableCertificateChain(file: tls.certificateChainFile) }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: tls.privateKeyFile, format: .pem)
        } catch {
            throw .unusablePrivateKey(file: tls.privateKeyFile)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .none
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusableCredential(
                certificateChainFile: tls.certificateChainFile,
                privateKeyFile: tls.privateKeyFile
            )
        }
    }
}
