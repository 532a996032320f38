// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
internal import Enrollment
internal import ServerApp

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
        var device: NewRegistrationDocument
    }

    /// The devices, in the order of the lines.
    let entries: [Entry]

    /// Reads a table with a heading.
    ///
    /// - Parameters:
    ///   - bytes: the table.
    ///   - uses: how often a device is good where the table does not say.
    /// - Throws: `AppError` that names the line.
    init(_ bytes: [UInt8], uses: RegistrationUse) throws {
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
            guard let name = values["name"].flatMap(RegisteredName.init) else {
                throw Self.error(record.line, "the name is missing, or too long")
            }
            if let other = lines.updateValue(record.line, forKey: name.comparable) {
                throw Self.error(record.line, "'\(name.text)' stands on line \(other) already")
            }
            entries.append(Entry(line: record.line, device: try Self.device(name.text, values, record.line, uses)))
        }
        self.entries = entries
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

    private static func device(
        _ name: String,
        _ values: [String: String],
        _ line: Int,
        _ uses: RegistrationUse
    ) throws -> NewRegistrationDocument {
        var device = NewRegistrationDocument(name: name)
        device.uses = uses
        if let text = values["uses"] {
            guard let uses = RegistrationUse(rawValue: text) else { throw error(line, "uses is 'once' or 'many'") }
            device.uses = uses
        }
        if let text = values["expires"] {
            guard let moment = Moment(argument: text) else {
                throw error(line, "expires is a day like 2027-01-31, or a moment like 2027-01-31T12:00:00Z")
            }
            device.expiresAt = moment.date
        }
        if let secret = values["secret"] {
            guard secret.count >= RegistrationAdministration.minimumSecretLength else {
                throw error(
                    line,
                    "the secret has fewer than \(RegistrationAdministration.minimumSecretLength) characters"
                )
            }
            device.secret = secret
        }
        device.raProfile = values["ra-profile"]
        try bind(&device, values, line)
        for (column, value) in values where column.hasPrefix(attributePrefix) {
            guard RegistrationAttribute.isValue(value) else { throw error(line, "the value of \(column) is too long") }
            device.attributes = device.attributes ?? [:]
            device.attributes?[String(column.dropFirst(attributePrefix.count))] = value
        }
        return device
    }

    private static func bind(
        _ device: inout NewRegistrationDocument,
        _ values: [String: String],
        _ line: Int
    ) throws {
        device.subject = values["subject"]
        device.keyType = try values["key-type"].map { text in
            guard let type = KeyType(rawValue: text) else {
                throw error(line, "key-type is one of \(KeyType.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return type
        }
        let names = values["san"]?.split(separator: " ").map(String.init) ?? []
        do {
            device.subjectAltNames = try BindingArguments.alternativeNames(names)
            // A server would name the device and not the line.
            _ = try BoundIdentity.written(
                subject: device.subject,
                names: device.subjectAltNames,
                keyType: device.keyType
            )
        } catch let failure as AppError {
            throw error(line, failure.sentence, hint: failure.hint)
        }
    }

    static func error(_ line: Int, _ sentence: String, hint: String? = nil) -> AppError {
        AppError(.usage, "Line \(line): \(sentence.hasSuffix(".") ? sentence : sentence + ".")", hint: hint)
    }
}
