// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import NIOCore
internal import NIOPosix

internal import struct Foundation.URL

/// Whether something listens at a place: a connection is opened and closed, and nothing is said.
public enum Reachability: Sendable {
    /// Why nobody could be reached within a time; nil when somebody could.
    public static func problem(host: String, port: Int, within seconds: Int = 3) async -> String? {
        do {
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(.seconds(Int64(seconds)))
                .connect(host: host, port: port).get()
            try? await channel.close()
            return nil
        } catch is NIOConnectionError {
            return "nothing listens at \(host) port \(port), or the name is not known"
        } catch {
            return "\(host) port \(port) does not answer within \(seconds) s"
        }
    }

    /// The same for the host of an https or http URL.
    public static func problem(url: String, within seconds: Int = 3) async -> String? {
        guard let url = URL(string: url), let host = url.host() else { return "it is no URL" }
        return await problem(host: host, port: url.port ?? (url.scheme == "http" ? 80 : 443), within: seconds)
    }
}
