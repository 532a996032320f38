// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import ArgumentParser
internal import SCEPProbe

/// What a further URL of a probed server is for.
protocol FurtherURLKind {
    static var role: EndpointRole { get }
    static var help: String { get }
    static var challengeHelp: String { get }
}

extension FurtherURLKind {
    static var challengeHelp: String { "Its challenges." }
}

/// A further URL with its challenges, named for its role: `--manual-url` and `--manual-challenge-file`.
struct FurtherURL<Kind: FurtherURLKind>: ParsableArguments {
    @Option(
        name: .customLong("\(Kind.role.rawValue)-url"),
        help: ArgumentHelp(Kind.help, valueName: "url")
    )
    var url: String?

    @Option(
        name: .customLong("\(Kind.role.rawValue)-challenge-file"),
        help: ArgumentHelp(Kind.challengeHelp, valueName: "file")
    )
    var challengeFile: String?
}

enum ManualURL: FurtherURLKind {
    static var role: EndpointRole { .manual }
    static var help: String { "A URL where requests wait for approval." }
}

enum RolloverURL: FurtherURLKind {
    static var role: EndpointRole { .rollover }
    static var help: String { "A URL whose CA has a successor." }
}

enum OtherURL: FurtherURLKind {
    static var role: EndpointRole { .other }
    static var help: String { "Another CA or profile of the server." }
}

enum ECURL: FurtherURLKind {
    static var role: EndpointRole { .ec }
    static var help: String { "A URL that takes requests encrypted under a challenge." }
    static var challengeHelp: String {
        "Its challenges; where one is for a transactionID, that and a space before it."
    }
}

enum NoRenewalURL: FurtherURLKind {
    static var role: EndpointRole { .noRenewal }
    static var help: String { "A URL that does not list Renewal." }
}
