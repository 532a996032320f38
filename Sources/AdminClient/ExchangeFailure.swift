// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// What kept an exchange from its answer, in words.
enum ExchangeFailure {
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { words($0.error) } ?? "there is no address for this name"
        case let error as IOError: reason(error.errnoCode)
        case is NIOSSLExtraError: "its certificate does not fit its name"
        case NIOSSLError.handshakeFailed(.sslError(let errors)) where "\(errors)".contains("CERTIFICATE_VERIFY_FAILED"):
            "its certificate is not trusted; --server-ca names the CAs that it may be from"
        case is NIOSSLError: "the TLS handshake failed"
        case is NIOTooManyBytesError: "its answer is too long"
        case let error as HTTPClientError: words(error)
        case ChannelError.connectTimeout: "there was no answer to the connection in time"
        case is ChannelError: "the connection ended before the answer"
        default: String(String(describing: error).prefix(200))
        }
    }

    private static func words(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "there was no answer to the connection in time"
        case .deadlineExceeded, .readTimeout: "there was no answer in time"
        case .remoteConnectionClosed, .uncleanShutdown: "the connection ended before the answer"
        default: String(String(describing: error).prefix(200))
        }
    }

    private static func reason(_ code: CInt) -> String {
        unsafe String(cString: strerror(code)).lowercased()
    }
}
