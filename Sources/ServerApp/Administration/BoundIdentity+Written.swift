// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

public import AdminAPI
public import Enrollment
internal import PKIX
internal import X509

extension BoundIdentity {
    /// What a request has to ask for, as people write it.
    ///
    /// - Parameters:
    ///   - subject: the subject (RFC 4514); nil when it is free.
    ///   - names: the alternative names, such as `dns:a.example`; nil when they are free, empty for none at all.
    ///   - keyType: the kind of key; nil when it is free.
    /// - Returns: nil when nothing is bound.
    /// - Throws: `AppError`.
    public static func written(subject: String?, names: [String]?, keyType: KeyType?) throws -> BoundIdentity? {
        let subject = try subject.map(Self.subject)
        let names = try names.map { try $0.map(Self.name) }
        do {
            return try BoundIdentity(subject: subject, names: names, key: keyType?.algorithm)
        } catch {
            throw AppError(.usage, "The names can't be encoded.")
        }
    }

    private static func subject(_ text: String) throws -> Name {
        do {
            let name = try Name(text)
            guard !name.isEmpty else { throw PKIXError.malformed("it names nothing") }
            return name
        } catch {
            guard case .malformed(let reason) = error as? PKIXError else {
                throw AppError(.usage, "The subject can't be read.")
            }
            throw AppError(
                .usage,
                "The subject can't be read: \(reason).",
                hint: "Write it like \"CN=device-1,O=Example\"."
            )
        }
    }

    private static func name(_ text: String) throws -> GeneralName {
        do {
            return try GeneralName(written: text)
        } catch {
            guard case .malformed(let sentence) = error else {
                throw AppError(.usage, "An alternative name can't be read.")
            }
            throw AppError(.usage, "\(sentence.prefix(1).uppercased())\(sentence.dropFirst()).")
        }
    }
}
