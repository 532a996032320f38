// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import SCEP

internal import struct Foundation.Date

/// From when on a certificate may be renewed; its text is what people type and what is stored.
public enum RenewalWindow: Sendable, Hashable, Codable, LosslessStringConvertible {
    /// At any time.
    case always
    /// In the last part of its validity, as a fraction: 0.33 for the last third.
    case lastFraction(Double)
    /// In so many last days of its validity.
    case lastDays(Int)

    /// Reads `always`, `33%` or `30d`.
    public init?(_ text: String) {
        if text == "always" {
            self = .always
        } else if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent > 0, percent <= 100 {
            self = .lastFraction(percent / 100)
        } else if text.hasSuffix("d"), let days = Int(text.dropLast()), days > 0, days <= 36_500 {
            self = .lastDays(days)
        } else {
            return nil
        }
    }

    /// The text that `init` reads.
    public var description: String {
        switch self {
        case .always: "always"
        case .lastFraction(let fraction):
            (fraction * 100).rounded() == fraction * 100 ? "\(Int(fraction * 100))%" : "\(fraction * 100)%"
        case .lastDays(let days): "\(days)d"
        }
    }

    /// Reads the text from a coder.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let window = RenewalWindow(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not a renewal window: always, 33% or 30d"
            )
        }
        self = window
    }

    /// Writes the text to a coder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// The moment from which on a certificate may be renewed.
    func opens(notBefore: Date, notAfter: Date) -> Date {
        switch self {
        case .always: return notBefore
        case .lastFraction(let fraction):
            return notAfter.addingTimeInterval(-notAfter.timeIntervalSince(notBefore) * min(max(fraction, 0), 1))
        case .lastDays(let days): return notAfter.addingTimeInterval(-86_400 * Double(days))
        }
    }
}

/// How a certificate is renewed with itself, without a challenge (RFC 8894 §2.5).
public struct RenewalPolicy: Sendable, Hashable, Codable {
    /// Whether renewal is served and announced at all.
    public var requests: Acceptance
    /// From when on.
    public var window: RenewalWindow
    /// Whether the new certificate may have the old key.
    public var keyReuse: Acceptance
    /// For how many days after its end a certificate may still be renewed.
    public var graceDays: Int
    /// The names of the alternate authorities whose certificates may sign a RenewalReq (RFC 8894 §2.3).
    public var alternateAuthorities: [String]

    /// Puts a policy together.
    public init(
        requests: Acceptance = .accepted,
        window: RenewalWindow = .always,
        keyReuse: Acceptance = .accepted,
        graceDays: Int = 0,
        alternateAuthorities: [String] = []
    ) {
        self.requests = requests
        self.window = window
        self.keyReuse = keyReuse
        self.graceDays = graceDays
        self.alternateAuthorities = alternateAuthorities
    }

    /// Reads a policy; what is not written has its default.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        requests = try values.decodeIfPresent(Acceptance.self, forKey: .requests) ?? requests
        window = try values.decodeIfPresent(RenewalWindow.self, forKey: .window) ?? window
        keyReuse = try values.decodeIfPresent(Acceptance.self, forKey: .keyReuse) ?? keyReuse
        graceDays = try values.decodeIfPresent(Int.self, forKey: .graceDays) ?? graceDays
        alternateAuthorities =
            try values.decodeIfPresent([String].self, forKey: .alternateAuthorities) ?? alternateAuthorities
    }
}
