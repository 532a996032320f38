// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Synchronization

public import struct Foundation.Date

/// Counts failed authentications by profile and address, and says who has to wait (design §6.12).
///
/// A bucket of tokens for each address, in this node's memory: one token goes with each failure, and they come back at the profile's
/// rate; twice a minute's worth is the most. Who has none left is not listened to.
public final class FailureThrottle: Sendable {
    /// The most addresses that are remembered; those that failed longest ago are forgotten first.
    public static let maximumAddressCount = 10_000

    private struct Key: Hashable {
        var profile: String
        var address: RemoteNetwork
    }

    private struct Bucket {
        var tokens: Double
        var at: Date
        var toldAt: Date?
    }

    /// Two generations: what is used moves to the younger one, and the older one goes when that is full.
    private struct Buckets {
        var young: [Key: Bucket] = [:]
        var old: [Key: Bucket] = [:]

        subscript(key: Key) -> Bucket? {
            get { young[key] ?? old[key] }
            set {
                if young[key] == nil, young.count >= FailureThrottle.maximumAddressCount / 2 {
                    old = young
                    young = [:]
                }
                old[key] = nil
                young[key] = newValue
            }
        }
    }

    /// That somebody has to wait.
    public struct Refusal: Sendable, Equatable {
        /// For how many seconds.
        public var seconds: Double
        /// Whether it is the first refusal of this address in a minute.
        public var isFirst: Bool
    }

    private let buckets = Mutex(Buckets())

    /// Remembers nobody.
    public init() {}

    /// How many addresses are remembered.
    var count: Int { buckets.withLock { $0.young.count + $0.old.count } }

    /// Whether an address has to wait; nil when it may go on.
    public func refusal(profile: String, address: String, perMinute: Int, at now: Date) -> Refusal? {
        guard perMinute > 0 else { return nil }
        return buckets.withLock { buckets in
            // Most addresses never fail, and cost one look.
            if buckets.young.isEmpty, buckets.old.isEmpty { return nil }
            let key = Key(profile: profile, address: RemoteNetwork(address))
            guard var bucket = buckets[key] else { return nil }
            let tokens = Self.tokens(bucket, perMinute, now)
            if tokens >= 1 { return nil }
            let isFirst = bucket.toldAt.map { now.timeIntervalSince($0) >= 60 } ?? true
            if isFirst {
                bucket.toldAt = now
                buckets[key] = bucket
            }
            return Refusal(seconds: (1 - tokens) * 60 / Double(perMinute), isFirst: isFirst)
        }
    }

    /// Counts a failure, or takes one back.
    ///
    /// What was on its way when the last token went counts too, up to as much again.
    public func count(_ failures: Int = 1, profile: String, address: String, perMinute: Int, at now: Date) {
        guard perMinute > 0 else { return }
        let key = Key(profile: profile, address: RemoteNetwork(address))
        let burst = 2 * Double(perMinute)
        buckets.withLock { buckets in
            var bucket = buckets[key] ?? Bucket(tokens: burst, at: now)
            bucket.tokens = min(burst, max(-burst, Self.tokens(bucket, perMinute, now) - Double(failures)))
            bucket.at = now
            buckets[key] = bucket
        }
    }

    private static func tokens(_ bucket: Bucket, _ perMinute: Int, _ now: Date) -> Double {
        // A clock that was set back gives nothing and takes nothing.
        let elapsed = max(0, now.timeIntervalSince(bucket.at))
        return min(2 * Double(perMinute), bucket.tokens + elapsed * Double(perMinute) / 60)
    }
}

/// Whom an address belongs to: an IPv4 address is one host, and of IPv6 whoever has one has all 2^64 of its network.
struct RemoteNetwork: Hashable {
    private let text: String

    init(_ address: String) {
        let bare = address.prefix { $0 != "%" }
        guard bare.contains(":") else {
            text = String(bare)
            return
        }
        // ::ffff:192.0.2.1 is an IPv4 address in another dress.
        if let last = bare.split(separator: ":").last, last.contains(".") {
            text = String(last)
            return
        }
        text = Self.network(bare).joined(separator: ":")
    }

    /// The first four groups.
    private static func network(_ address: Substring) -> [String] {
        let lowercased = address.lowercased()
        let left = (lowercased.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false).first ?? "")
            .split(separator: ":").prefix(4).map { group in String(group.drop { $0 == "0" }) }
        if left.count == 4 { return left }
        // The zeros that `::` stands for, unless so many groups follow that they begin before the fifth.
        let right = lowercased.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first
        let following = (right ?? "").split(separator: ":").map { group in String(group.drop { $0 == "0" }) }
        let zeros = max(0, 8 - left.count - following.count)
        return Array((left + Array(repeating: "", count: zeros) + following).prefix(4))
    }
}
