// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CertificateAuthority
internal import Enrollment
internal import StrictJSON
internal import Testing

@testable internal import AdminAPI
@testable internal import ServerApp

/// The descriptions of settings and what reads them say the same: keys, words, limits and defaults, in both directions.
@Suite struct SettingsSchemaTests {
    @Test(arguments: DescribedSettings.all) func everyKeyIsDescribedAndRead(_ settings: DescribedSettings) throws {
        let asked = AskedKeys()
        try settings.read(settings.minimal, asked)
        #expect(Set(settings.schema.properties.map(\.name)) == asked.asked[""] ?? [])
    }

    @Test(arguments: DescribedSettings.all) func minimalDocumentKeepsTheDescription(
        _ settings: DescribedSettings
    ) throws {
        #expect(settings.schema.violations(in: settings.minimal).isEmpty)
        for property in settings.schema.properties {
            guard case .object(var members) = settings.minimal else { continue }
            let isThere = members.removeValue(forKey: property.name) != nil
            #expect(!property.isRequired || isThere, "\(property.name) has to be in the sample")
            let isNeeded = (try? settings.read(.object(members), AskedKeys())) == nil
            // What has to be there only because something else is not can't be described.
            if !settings.oneOf.contains(property.name), isThere {
                #expect(property.isRequired == isNeeded, "\(property.name)")
            }
        }
    }

    @Test(arguments: DescribedSettings.all) func defaultsAreWhatIsTakenForNothing(_ settings: DescribedSettings) throws
    {
        let usual = try settings.written(settings.minimal)
        for property in settings.schema.properties {
            guard let value = property.defaultValue else { continue }
            #expect(property.schema.violations(in: value).isEmpty, "\(property.name)")
            let explicit = settings.minimal.changed(by: .object([property.name: value]))
            #expect(try settings.written(explicit) == usual, "\(property.name)")
        }
    }

    @Test(arguments: DescribedSettings.all) func wordsAreThoseThatAreRead(_ settings: DescribedSettings) throws {
        for property in settings.schema.properties {
            let (words, wrap) = Self.words(property.schema)
            for word in words {
                let document = settings.document(property.name, wrap(.string(word)))
                #expect(throws: Never.self, "\(property.name): \(word)") { try settings.check(document) }
            }
            guard !words.isEmpty else { continue }
            let document = settings.document(property.name, wrap(.string("nonsense")))
            #expect(throws: (any Error).self, "\(property.name)") { try settings.check(document) }
        }
    }

    @Test(arguments: DescribedSettings.all) func limitsAreThoseThatAreKept(_ settings: DescribedSettings) throws {
        for property in settings.schema.properties {
            guard case .integer(let range) = property.schema else { continue }
            for (number, isRight) in [
                (range.lowerBound, true), (range.upperBound, true), (range.lowerBound - 1, false),
                (range.upperBound + 1, false),
            ] {
                let document = settings.document(property.name, .integer(number))
                let isAccepted = (try? settings.check(document)) != nil
                #expect(isAccepted == isRight, "\(property.name): \(number)")
            }
        }
    }

    /// Every object in the file's description is compared above.
    @Test func nothingIsDescribedThatIsNotCompared() {
        let compared = Set(DescribedSettings.all.compactMap(\.schema.name))
        var described: Set<String> = []
        func walk(_ schema: Schema) {
            switch schema {
            case .object(let object):
                described.insert(object.name ?? "?")
                for property in object.properties { walk(property.schema) }
            case .list(let element, _, _), .map(let element), .nullable(let element): walk(element)
            case .either(let first, let second): [first, second].forEach(walk)
            case .union(_, let kinds): for kind in kinds.values { walk(.object(kind)) }
            case .string, .integer, .number, .boolean, .choice, .anything: break
            }
        }
        walk(.object(SettingsSchema.scepProfile))
        walk(.object(SettingsSchema.raProfile))
        #expect(described == compared)
        guard case .union(_, let kinds) = SettingsSchema.challengeSource else { return }
        #expect(Set(kinds.keys) == Set(ChallengeSourceSettings.Kind.allCases.map(\.rawValue)))
        #expect(SettingsSchema.compatibilities == ClientCompatibility.all.map(\.name))
    }

    /// The words of a choice, alone or in a list, and how a value with one of them looks.
    private static func words(_ schema: Schema) -> (words: [String], wrap: (JSONValue) -> JSONValue) {
        switch schema {
        case .choice(let words): (words, { $0 })
        case .list(of: .choice(let words), _, _): (words, { .array([$0]) })
        default: ([], { $0 })
        }
    }
}

extension Schema {
    func violations(in value: JSONValue) -> [ProblemDetails.Violation] {
        ObjectSchema(nil, .required("value", self, "")).violations(in: .object(["value": value]))
    }
}
