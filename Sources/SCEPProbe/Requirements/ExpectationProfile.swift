// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a server is measured against: the RFC, the drafts before it, or what a kind of client needs.
package struct ExpectationProfile: Sendable, Hashable {
    /// A requirement that counts for more or less than in the RFC.
    package struct Change: Sendable, Hashable {
        package let number: Int
        /// The level instead; nil when a failure is only told, and does not count.
        package let level: RequirementLevel?
        package let reason: String
    }

    /// Something that clients need and no requirement asks for.
    package struct Need: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            /// One keyword of each list is listed by GetCACaps.
            case capabilities([[String]])
            /// Without an RA, GetCACert gives one DER certificate.
            case singleCertificate
        }

        package let name: String
        package let text: String
        package let reason: String
        package let kind: Kind
    }

    /// The name, as people type it.
    package let name: String
    /// What it is, in one sentence.
    package let title: String
    package let changes: [Change]
    package let needs: [Need]

    /// All of them; the first is the default.
    package static let all = [rfc8894, draftNourse, apple, windows, ciscoIOS, mikrotik]

    /// The one with a name.
    package static func named(_ name: String) -> ExpectationProfile? { all.first { $0.name == name } }

    /// RFC 8894 itself.
    package static let rfc8894 = ExpectationProfile(
        name: "rfc8894",
        title: "RFC 8894.",
        changes: [],
        needs: []
    )

    /// The drafts that old clients and servers follow.
    static let draftNourse = ExpectationProfile(
        name: "draft-nourse",
        title: "draft-nourse-scep-23, which most deployed clients follow.",
        changes: [
            told([1, 16, 17, 18, 19, 23], "the draft lets servers do without GetCACaps"),
            told([4, 52], "the draft knows GET first of all"),
            told([5, 6, 7, 20], "the draft has neither AES nor SHA-256"),
            told([11, 12, 13], "the draft's own algorithms are single DES and MD5"),
            told([137, 138, 139, 140, 141, 142, 143, 145, 146], "the draft renews by PKCSReq"),
            told([124], "the draft lets a server ignore a stray poll"),
            told([85, 86, 87, 155, 161], "the draft says less about failInfo"),
            meant([114], .must, "the draft wants the issued certificate first"),
            meant([144], .must, "this is the draft's renewal"),
        ].flatMap(\.self),
        needs: []
    )

    /// iOS, iPadOS and macOS.
    static let apple = ExpectationProfile(
        name: "apple",
        title: "iOS, iPadOS and macOS.",
        changes: [
            meant([114], .must, "the first certificate of a reply is taken for the issued one"),
            meant([144], .must, "macOS renews by PKCSReq"),
            meant([94], .must, "messages come in BER"),
            meant([54], .should, "where POST is not listed, + is not escaped"),
            meant([42], .must, "message carries the payload's name"),
            meant([55], .must, "an HTTP error ends in an unknown problem"),
        ].flatMap(\.self),
        needs: [
            Need(
                name: "apple-1",
                text: "GetCACaps lists a SHA digest and AES or DES3.",
                reason: "without them MD5 and single DES are used",
                kind: .capabilities([
                    ["SHA-1", "SHA-256", "SHA-512", "SCEPStandard"], ["AES", "DES3", "SCEPStandard"],
                ])
            ),
            Need(
                name: "apple-2",
                text: "GetCACert gives one DER certificate where there is no RA.",
                reason: "a list is taken for one with an RA",
                kind: .singleCertificate
            ),
        ]
    )

    /// Windows' own client.
    static let windows = ExpectationProfile(
        name: "windows",
        title: "Windows' certificate enrolment, as Intune uses it.",
        changes: [
            meant([42], .must, "message carries a word such as default"),
            meant([102], .must, "the temporary certificate has a subject of its own"),
            meant([52], .must, "the Content-Type varies"),
        ].flatMap(\.self),
        needs: [
            Need(
                name: "windows-1",
                text: "GetCACaps lists POSTPKIOperation.",
                reason: "challenges from Intune are too long for a URL",
                kind: .capabilities([["POSTPKIOperation", "SCEPStandard"]])
            )
        ]
    )

    /// Cisco's routers.
    static let ciscoIOS = ExpectationProfile(
        name: "cisco-ios",
        title: "Cisco IOS and IOS XE.",
        changes: [
            meant([8, 50, 51], .must, "old images send everything by GET"),
            meant([53], .must, "old images speak HTTP/1.0 without Host"),
            meant([54], .must, "base64 comes in lines of 64 characters"),
            meant([42], .must, "message carries the trustpoint's name"),
        ].flatMap(\.self),
        needs: []
    )

    /// MikroTik's routers.
    static let mikrotik = ExpectationProfile(
        name: "mikrotik",
        title: "MikroTik RouterOS.",
        changes: meant([62], .must, "replies without senderNonce are refused"),
        needs: []
    )

    private static func told(_ numbers: [Int], _ reason: String) -> [Change] {
        numbers.map { Change(number: $0, level: nil, reason: reason) }
    }

    private static func meant(_ numbers: [Int], _ level: RequirementLevel, _ reason: String) -> [Change] {
        numbers.map { Change(number: $0, level: level, reason: reason) }
    }
}
