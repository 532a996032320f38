// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Foundation

/// What it takes to ask a system of somebody else over HTTP.
public enum OutgoingURL: Sendable {
    /// What is wrong with a URL that is to be asked; nil when it can be.
    ///
    /// It has to be https, since what is sent there is a secret and what comes back decides; http only where somebody said so.
    public static func problem(_ text: String, allowInsecure: Bool) -> String? {
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme)
        else { return "it is no https URL" }
        guard scheme == "https" || allowInsecure else { return "it has to be https, unless 'allowInsecure' is true" }
        guard let host = url.host, !host.isEmpty else { return "it names no host" }
        guard url.user == nil, url.password == nil else { return "it must not hold a user or a password" }
        guard url.fragment == nil else { return "it must not have a fragment" }
        return nil
    }
}
