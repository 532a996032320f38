// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import PKIX
internal import SwiftASN1
internal import X509

/// The name under which a device is registered: what its requests name.
///
/// Letter case and runs of white space don't matter; a distinguished name is compared as such (RFC 5280 §7.1).
public struct RegisteredName: Sendable, Hashable {
    /// The most bytes of a name, which is what a database can look for.
    public static let maximumByteCount = 1024

    /// As it was written.
    public let text: String
    /// As it is looked for.
    public let comparable: String

    /// Takes a name.
    ///
    /// - Returns: nil when it is empty or too long.
    public init?(_ text: String) {
        let name = try? Name(text)
        let comparable = name.map(Self.comparable) ?? Self.folded(text)
        self.init(text, comparable)
    }

    /// Takes a distinguished name.
    init?(_ name: Name) {
        if name.isEmpty { return nil }
        self.init(name.description, Self.comparable(name))
    }

    private init?(_ text: String, _ comparable: String) {
        guard !comparable.isEmpty, comparable.utf8.count <= Self.maximumByteCount,
            text.utf8.count <= Self.maximumByteCount, !text.utf8.contains(0)
        else { return nil }
        self.text = text
        self.comparable = comparable
    }

    /// A name as it is kept.
    public init(text: String, comparable: String) {
        self.text = text
        self.comparable = comparable
    }

    private static func comparable(_ name: Name) -> String { folded(name.description) }

    private static func folded(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// What of a request names the device.
public enum DeviceIdentifier: String, Sendable, Hashable, Codable, CaseIterable {
    /// The common name of the subject.
    case commonName = "CN"
    /// The serialNumber attribute of the subject.
    case serialNumber
    /// The whole subject.
    case subject
    /// The dNSName of the alternative names.
    case dns

    /// All that names a device in a request, in the order of the encoding; nil stands for what can't be registered.
    func names(in request: CertificationRequest) -> [RegisteredName?] {
        switch self {
        case .commonName, .serialNumber:
            return request.subject.attributes.joined()
                .filter { Name.keyword(of: $0.type) == rawValue }
                .map { $0.text.flatMap { RegisteredName($0) } }
        case .subject: return [RegisteredName(request.subject)]
        case .dns:
            guard let names = try? request.requestedNames() ?? SubjectAlternativeNames() else { return [nil] }
            return names.compactMap { name -> RegisteredName?? in
                if case .dnsName(let text) = name { .some(RegisteredName(text)) } else { nil }
            }
        }
    }
}
