// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import ServerApp

internal import struct Foundation.Date

/// Devices to be registered, as a table of comma-separated values names them.
struct RegistrationList {
    /// The most devices of one file.
    static let maximumCount = 100_000
    /// What the name of a column of attributes begins with.
    private static let attributePrefix = "attribute."
    private static let known: Set = [
        "name", "secret", "subject", "san", "key-type", "ra-profile", "uses", "expires",
    ]

    /// One device, and the line on which it stands.
    struct Entry {
        var line: Int
        var candidate: RegistrationAdministration.Candidate
    }

    /// The devices, in the order of the lines.
    let entries: [Entry]

    /// Reads a table with a heading.
    ///
    /// - Parameters:
    ///   - bytes: the table.
    ///   - uses: how often a device is good where the table does not say.
    /// - Throws: `AppError` that names the line.
    init(_ bytes: [UInt8], uses: RegistrationUses) throws {
        let records: [CommaSeparatedValues.Record]
        do {
            records = try CommaSeparatedValues.records(bytes, limit: Self.maximumCount + 1)
        } catch {
            throw Self.error(error.line, error.sentence)
        }
        guard let heading = records.first else { throw AppError(.usage, "The file is empty.") }
        let columns = try Self.columns(heading)
        var lines: [String: Int] = [:]
        var entries: [Entry] = []
        for record in records.dropFirst() {
            guard record.fields.count == columns.count else {
                throw Self.error(record.line, "\(record.fields.count) fields under \(columns.count) headings")
            }
            let values = Dictionary(uniqueKeysWithValues: zip(columns, record.fields)).filter { !$0.value.isEmpty }
            let entry = Entry(line: record.line, candidate: try Self.candidate(values, record.line, uses))
            if let other = lines.updateValue(record.line, forKey: entry.candidate.name.comparable) {
                throw Self.error(record.line, "'\(entry.candidate.name.text)' stands on line \(other) already")
            }
            entries.append(entry)
        }
        self.entries = entries
    }

    /// Whose line a name stands on.
    func line(of name: RegisteredName) -> Int? {
        entries.first { $0.candidate.name.comparable == name.comparable }?.line
    }

    private static func columns(_ heading: CommaSeparatedValues.Record) throws -> [String] {
        for column in heading.fields where !known.contains(column) {
            guard column.hasPrefix(attributePrefix),
                RegistrationAttribute.isKey(column.dropFirst(attributePrefix.count))
            else {
                throw error(
                    heading.line,
                    "the column '\(column)' is not known",
                    hint: "Known are \(known.sorted().joined(separator: ", ")) and attribute.KEY."
                )
            }
        }
        guard Set(heading.fields).count == heading.fields.count else {
            throw error(heading.line, "a column stands there twice")
        }
        guard heading.fields.contains("name") else { throw error(heading.line, "there is no column 'name'") }
        return heading.fields
    }

    private static func candidate(
        _ values: [String: String],
        _ line: Int,
        _ uses: RegistrationUses
    ) throws -> RegistrationAdministration.Candidate {
        guard let name = values["name"].flatMap(RegisteredName.init) else {
            throw error(line, "the name is missing, or too long")
        }
        var candidate = RegistrationAdministration.Candidate(name: name, uses: uses)
        if let text = values["uses"] {
            guard let uses = RegistrationUses(rawValue: text) else { throw error(line, "uses is 'once' or 'many'") }
            candidate.uses = uses
        }
        if let text = values["expires"] {
            guard let moment = Moment(argument: text) else {
                throw error(line, "expires is a day like 2027-01-31, or a moment like 2027-01-31T12:00:00Z")
            }
            candidate.expiresAt = moment.date
        }
        if let secret = values["secret"] {
            guard secret.count >= RegistrationAdministration.minimumSecretLength else {
                throw error(
                    line,
                    "the secret has fewer than \(RegistrationAdministration.minimumSecretLength) characters"
                )
            }
            candidate.secret = secret
        }
        candidate.raProfile = values["ra-profile"]
        candidate.boundTo = try binding(values, line)
        for (column, value) in values.sorted(by: { $0.key < $1.key }) where column.hasPrefix(attributePrefix) {
            guard RegistrationAttribute.add(column.dropFirst(attributePrefix.count), value, to: &candidate.attributes)
            else {
                throw error(line, "the value of \(column) is too long")
            }
        }
        return candidate
    }

    private static func binding(_ values: [String: String], _ line: Int) throws -> BoundIdentity? {
        let keyType = try values["key-type"].map { text in
            guard let type = KeyType(rawValue: text) else {
                throw error(line, "key-type is one of \(KeyType.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return type
        }
        let names = values["san"]?.split(separator: " ").map(String.init) ?? []
        do {
            return try .written(
                subject: values["subject"],
                names: BindingArguments.alternativeNames(names),
                keyType: keyType
            )
        } catch let failure as AppError {
            throw error(line, failure.sentence, hint: failure.hint)
        }
    }

    private static func error(_ line: Int, _ sentence: String, hint: String? = nil) -> AppError {
        AppError(.usage, "Line \(line): \(sentence.hasSuffix(".") ? sentence : sentence + ".")", hint: hint)
    }
}

/// Attributes of a registered device.
enum RegistrationAttribute {
    /// Whether a text is a key: letters, digits, `.`, `_` and `-`, 64 at most; `name` is the registration's own.
    static func isKey(_ text: some StringProtocol) -> Bool {
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

    /// Adds a value.
    ///
    /// - Returns: whether there was room for it.
    static func add(
        _ key: some StringProtocol,
        _ value: String,
        to attributes: inout ChallengeAttributes
    ) -> Bool {
        attributes.add("registration.\(key)", [value])
    }
}
