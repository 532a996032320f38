// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
public import ArgumentParser
internal import ServerApp

/// The options that choose certificates.
struct CertificateFilter: ParsableArguments {
    @Option(help: "Only those with this serial number.")
    var serial: String?

    @Option(help: "Only those whose subject contains this, in whatever case.")
    var subject: String?

    @Option(help: "Only those with this subject, such as \"CN=device-1,O=Example\".")
    var exactSubject: String?

    @Option(help: "Only those with this alternative name: dns:NAME, email:ADDRESS, uri:URI, ip:ADDRESS or upn:NAME.")
    var san: String?

    @Option(help: "Only the one with this SHA-256 fingerprint.")
    var fingerprint: String?

    @Option(help: "Only those for the public key with this SHA-256, as 'certificate show' prints it.")
    var publicKey: String?

    @Option(help: "Only those issued through this SCEP profile.")
    var profile: String?

    @Option(help: "Only those of the CA with this name.")
    var issuer: String?

    @Option(help: "Only those that stand so: valid, expired, \"on hold\" or revoked; may be repeated.")
    var status: [CertificateDocument.Status] = []

    @Flag(help: "Only revoked ones, also those on hold.")
    var revoked = false

    @Option(help: "Only those issued then or later, such as 2026-12-31 or 2026-12-31T12:00:00Z.")
    var issuedSince: Moment?

    @Option(help: "Only those issued before this moment.")
    var issuedBefore: Moment?

    @Option(help: "Only those that end at this moment or later.")
    var expiresSince: Moment?

    @Option(help: "Only those that end before this moment, in the order of their ends.")
    var expiresBefore: Moment?

    @Option(help: "Only those that end within so many days from now, in the order of their ends.")
    var expiresWithin: Int?

    /// The filter as a server takes it.
    func document() throws -> CertificateFilterDocument {
        guard !revoked || status.isEmpty else {
            throw AppError(.usage, "--revoked says the same as --status.", hint: "Leave one of them out.")
        }
        var filter = CertificateFilterDocument()
        filter.serial = serial
        filter.subject = subject
        filter.exactSubject = exactSubject
        filter.name = san
        filter.fingerprint = fingerprint
        filter.publicKey = publicKey
        filter.profile = profile
        filter.issuer = issuer
        filter.status = revoked ? [.revoked, .onHold] : status.isEmpty ? nil : status
        filter.issuedSince = issuedSince?.date
        filter.issuedBefore = issuedBefore?.date
        filter.expiresSince = expiresSince?.date
        filter.expiresBefore = expiresBefore?.date
        filter.expiresWithinDays = expiresWithin
        return filter
    }
}

extension CertificateDocument.Status: ExpressibleByArgument {}
