// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a challenge source knows of a device beside its yes: what a certificate template may fill in.
///
/// Values are texts by path. The first part of a path is the kind of source, such as `webhook.device.serial` or `token.sub`: no
/// source can speak in another's name. Nothing in here is secret.
public struct ChallengeAttributes: Sendable, Hashable, Codable {
    /// The most values that are kept: a system that sends more is not asked for a certificate's contents.
    public static let maximumCount = 256
    /// The most bytes of one value, which is more than any field of a certificate takes.
    public static let maximumValueByteCount = 1024

    /// The values by path; more than one where the source names several.
    public private(set) var values: [String: [String]] = [:]

    /// No attributes.
    public init() {}

    /// Puts values under a path; what is longer than its bounds is left out, never cut.
    ///
    /// - Returns: whether all of it was kept.
    @discardableResult
    public mutating func add(_ path: String, _ texts: [String]) -> Bool {
        let fitting = texts.filter { $0.utf8.count <= Self.maximumValueByteCount }
        let room = Self.maximumCount - values.values.reduce(0) { $0 + $1.count }
        guard path.utf8.count <= Self.maximumValueByteCount else { return false }
        let kept = Array(fitting.prefix(max(0, room)))
        if !kept.isEmpty { values[path, default: []] += kept }
        return kept.count == texts.count
    }

    /// The path of the RA profile that a challenge is bound to.
    private static let raProfilePath = "bound.raProfile"

    /// The RA profile that the challenge is bound to; nil when that is free.
    ///
    /// It is kept with a request that waits, since another RA profile may be the default when somebody decides.
    public var boundRAProfile: String? { values[Self.raProfilePath]?.first }

    /// Notes the RA profile that the challenge is bound to.
    public mutating func bind(raProfile: String) { values[Self.raProfilePath] = [raProfile] }

    /// The path of who made what a request was authenticated by.
    private static let makerPath = "made.by"

    /// Who made the challenge or registration of a request; empty when that is not known.
    ///
    /// It is kept with a request that waits, for profiles where nobody approves what they asked for themselves.
    public var makers: [String] { values[Self.makerPath] ?? [] }

    /// Notes who made the challenge or registration.
    public mutating func note(maker: String?) {
        if let maker { values[Self.makerPath] = [maker] }
    }

    /// These attributes and, as far as there is room, those of another source.
    func merging(_ other: ChallengeAttributes) -> ChallengeAttributes {
        var merged = self
        if let bound = other.boundRAProfile { merged.bind(raProfile: bound) }
        for (path, texts) in other.values.sorted(by: { $0.key < $1.key }) where path != Self.raProfilePath {
            merged.add(path, texts)
        }
        return merged
    }

    /// Reads what `encode` wrote.
    public init(from decoder: any Decoder) throws {
        self.values = try [String: [String]](from: decoder)
    }

    /// Writes the values as an object of lists.
    public func encode(to encoder: any Encoder) throws {
        try values.encode(to: encoder)
    }
}
