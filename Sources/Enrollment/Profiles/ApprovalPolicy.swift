// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Which requests wait for somebody's decision.
public enum ApprovalPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// None: what is authenticated and allowed is issued at once.
    case automatic
    /// First enrolments; renewals are issued at once.
    case enrollments
    /// All.
    case all
    /// As the first rule says that a request fits; what fits none waits.
    case rules
}

/// Whether somebody may approve what they themselves asked for.
public enum FourEyes: String, Sendable, Hashable, Codable, CaseIterable {
    /// They may.
    case optional
    /// Whoever made the code, the registration or the static challenge of a request does not approve it.
    case required
}

/// Who decides on what waits.
public struct ApproverPolicy: Sendable, Hashable, Codable {
    /// The most people that a profile may ask for.
    public static let maximumNeeded = 16

    /// How many different people have to be for a request before it is issued.
    public var needed: Int
    /// Who may decide, by the names under which decisions are recorded; empty for whoever may give commands.
    public var names: [String]

    /// Puts a policy together.
    public init(needed: Int = 1, names: [String] = []) {
        self.needed = needed
        self.names = names
    }

    private enum CodingKeys: String, CodingKey {
        case needed
        case names
    }

    /// Reads a policy; whom it does not name may decide, and one is enough.
    ///
    /// - Throws: `DecodingError` when more people are needed than there are, or than is sensible.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.needed = try values.decodeIfPresent(Int.self, forKey: .needed) ?? 1
        self.names = try values.decodeIfPresent([String].self, forKey: .names) ?? []
        if let problem {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: problem))
        }
    }

    /// What is wrong with it, in a sentence; nil when nothing is.
    public var problem: String? {
        guard (1...Self.maximumNeeded).contains(needed) else {
            return "1 to \(Self.maximumNeeded) people can be needed to approve a request"
        }
        guard names.isEmpty || Set(names).count >= needed else {
            return "\(needed) people are needed to approve a request, and only \(Set(names).count) may"
        }
        return nil
    }

    /// Whether somebody may decide.
    func allows(_ name: String) -> Bool { names.isEmpty || names.contains(name) }
}
