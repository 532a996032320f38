// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Enrollment
internal import StrictJSON

extension ChallengeAttributes {
    /// What a system said of a device, by paths of its members' names that begin with the source's kind.
    ///
    /// Lists become several values of one path; null says nothing. What is beyond the bounds of `ChallengeAttributes` is left out.
    init(_ value: JSONValue?, under path: String) {
        self.init()
        if let value { flatten(value, path) }
    }

    private mutating func flatten(_ value: JSONValue, _ path: String) {
        switch value {
        case .null: break
        case .boolean(let truth): add(path, [truth ? "true" : "false"])
        case .number(let digits): add(path, [digits])
        case .string(let text): add(path, [text])
        // The depth is bounded by what reads the JSON.
        case .array(let elements): for element in elements { flatten(element, path) }
        case .object(let members):
            // In a fixed order, so that the same answer gives the same attributes where there are too many.
            for (name, member) in members.sorted(by: { $0.key < $1.key }) { flatten(member, "\(path).\(name)") }
        }
    }
}
