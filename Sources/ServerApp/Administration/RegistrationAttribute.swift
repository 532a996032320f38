// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment

/// Attributes of a registered device, as people name them.
public enum RegistrationAttribute: Sendable {
    /// Whether a text is a key: letters, digits, `.`, `_` and `-`, 64 at most; `name` is the registration's own.
    public static func isKey(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count) && text != "name"
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// Whether there is room for a value.
    public static func isValue(_ text: String) -> Bool {
        text.utf8.count <= ChallengeAttributes.maximumValueByteCount
    }

    /// The attributes by the paths under which templates find them.
    ///
    /// - Returns: nil when a key is none, or there is no room for all of them.
    static func attributes(_ values: [String: String]) -> ChallengeAttributes? {
        var attributes = ChallengeAttributes()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard isKey(key), isValue(value), attributes.add("registration.\(key)", [value]) else { return nil }
        }
        return attributes
    }
}
