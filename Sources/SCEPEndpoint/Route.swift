// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// What a URL's path leads to.
enum Route: Equatable {
    case scep(ProfileSelector)
    case publication(path: String)
    case health
    case readiness
    case metrics
    case admin
    case nowhere

    /// Finds the route of a path as it stands in the request line, limited to what the roles serve.
    init(path: String, roles: Set<ListenerRole>) {
        // Empty segments are dropped, so that doubled and trailing slashes do not matter.
        let segments = path.split(separator: "/" as Character, maxSplits: 12).map(String.init)
        let first = segments.first ?? ""
        let rest = segments.dropFirst()
        switch first {
        case "healthz" where rest.isEmpty:
            self = .health
        case "readyz" where rest.isEmpty:
            self = .readiness
        case "metrics" where rest.isEmpty && !roles.isDisjoint(with: [.admin, .metrics]):
            self = .metrics
        case "crl" where roles.contains(.publication):
            self = Self.publication(folder: first, file: rest, suffix: ".crl")
        case "ca" where roles.contains(.publication):
            self = Self.publication(folder: first, file: rest, suffix: ".cer")
        case "api" where roles.contains(.admin) && Self.isAdministration(rest):
            self = .admin
        default:
            if roles.contains(.scep), let profile = Self.profile(first: first, rest: rest) {
                self = .scep(profile)
            } else {
                self = .nowhere
            }
        }
    }

    /// Below `/api/v1`, but for the SCEP URLs that are there too.
    private static func isAdministration(_ rest: ArraySlice<String>) -> Bool {
        rest.first == "v1" && rest.dropFirst().first != "protocols"
    }

    private static func profile(first: String, rest: ArraySlice<String>) -> ProfileSelector? {
        let second = rest.first
        switch first.lowercased() {
        case "scep":
            return first == "scep" ? underScep(second) : nil
        case "cgi-bin":
            return second?.lowercased() == "pkiclient.exe" ? .default : nil
        case "certsrv":
            // Windows ignores case here, and its documentation writes CertSrv as often as certsrv.
            let isNDES = second?.lowercased() == "mscep" && rest.dropFirst().first?.lowercased() == "mscep.dll"
            return isNDES ? .default : nil
        case "api":
            return Array(rest.prefix(3)) == ["v1", "protocols", "scep"] ? underAPI(rest.dropFirst(3)) : nil
        default:
            return hasStrayPort(first) ? underScep(second) : nil
        }
    }

    private static func underScep(_ segment: String?) -> ProfileSelector? {
        guard let segment else { return .default }
        // Clients append these to the URL they were given.
        if segment == "cgi-bin" || segment.lowercased() == "certsrv" { return .default }
        if isProfileName(segment) { return .named(segment) }
        // A dot makes it a file name such as pkiclient.exe. Anything else is a misspelt profile, which must not
        // silently become the default one.
        return segment.utf8.contains(UInt8(ascii: ".")) ? .default : nil
    }

    private static func underAPI(_ segments: ArraySlice<String>) -> ProfileSelector? {
        guard let segment = segments.first else { return nil }
        if segment == "raProfile" {
            guard let name = segments.dropFirst().first, isProfileName(name) else { return nil }
            return .raProfile(name)
        }
        return isProfileName(segment) ? .named(segment) : nil
    }

    /// Old IOS puts the port into the path: `GET /scep:8080/pkiclient.exe`.
    private static func hasStrayPort(_ segment: String) -> Bool {
        let prefix = "scep:"
        let port = segment.utf8.dropFirst(prefix.utf8.count)
        return segment.hasPrefix(prefix) && !port.isEmpty && port.count <= 5 && port.allSatisfy(\.isDigit)
    }

    private static func isProfileName(_ segment: String) -> Bool {
        !segment.isEmpty && segment.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }

    private static func publication(folder: String, file: ArraySlice<String>, suffix: String) -> Route {
        guard file.count == 1, let name = file.first, name.hasSuffix(suffix),
            name.utf8.first != UInt8(ascii: "."), name.utf8.allSatisfy(\.isDocumentNameByte)
        else { return .nowhere }
        return .publication(path: "/\(folder)/\(name)")
    }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isLowercaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
    var isUppercaseLetter: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }

    fileprivate var isDocumentNameByte: Bool {
        isDigit || isLowercaseLetter || isUppercaseLetter
            || self == UInt8(ascii: ".") || self == UInt8(ascii: "_") || self == UInt8(ascii: "-")
    }
}
