// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOSSL

public import struct Foundation.Date

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

extension SCEPListener {
    /// When the certificate of a credential ends; the credential is read, and its certificate and key compared.
    public static func end(of tls: ListenerConfiguration.TLS) throws(ListenerError) -> Date {
        _ = try ServerTLS.context(tls)
        let chain = try? NIOSSLCertificate.fromPEMFile(tls.certificateChainFile)
        guard let own = chain?.first else { throw .unusableCertificateChain(file: tls.certificateChainFile) }
        return Date(timeIntervalSince1970: Double(own.notValidAfter))
    }
}
