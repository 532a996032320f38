// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import Testing

@Suite struct DirectorySettingsTests {
    private static let account = #""account":{"dn":"cn=sceptic","password":{"file":"/etc/sceptic/ldap"}}"#
    private static let search = #""base":"dc=example","filter":"(uid=${csr.subject.UID})",\#(account)"#
    private static let url = #""type":"directory","url":"ldaps://ldap.example""#

    @Test(arguments: [
        #"{\#(url),"mode":"bind","bindDN":"uid=${csr.subject.UID},dc=example"}"#,
        #"{\#(url),"mode":"bind",\#(search),"scope":"one","attributes":["mail"],"roots":"/etc/ca.pem","timeoutSeconds":2}"#,
        #"{\#(url),"mode":"lookup",\#(search),"attribute":"code","name":"staff"}"#,
        #"{\#(url),"mode":"lookup","base":"","filter":"(&(cn=${csr.subject.cn})(code=${challenge}))",\#(account)}"#,
        #"{"type":"directory","url":"ldap://[::1]:3389/","startTLS":true,"mode":"lookup",\#(search),"attribute":"code"}"#,
        #"{"type":"directory","url":"ldap://10.0.0.1","allowInsecure":true,"mode":"lookup",\#(search),"attribute":"code"}"#,
    ])
    func isReadAndWrittenTheSame(json: String) throws {
        let source = try JSONDecoder().decode(ChallengeSourceSettings.self, from: Data(json.utf8))
        #expect(source.kind == .directory)
        let again = try JSONEncoder().encode(source)
        #expect(try JSONDecoder().decode(ChallengeSourceSettings.self, from: again) == source)
    }

    @Test func hasDefaults() throws {
        let json = #"{\#(Self.url),"mode":"lookup",\#(Self.search),"attribute":"code"}"#
        let settings = try directorySettings(json)
        #expect(settings.port == 636 && settings.encryption == .tls && settings.timeoutSeconds == 5)
        #expect(settings.name == "directory" && settings.attributes.isEmpty && settings.roots == nil)
        guard case .found(_, .subtree, _, _) = settings.entry else {
            Issue.record("no search of the whole tree")
            return
        }
    }

    @Test(arguments: [
        // Passwords in the clear only where somebody says so.
        #"{"url":"ldap://ldap.example","mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"ldaps://ldap.example","allowInsecure":true,"mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"ldap://a","startTLS":true,"allowInsecure":true,"mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"http://ldap.example","mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"ldaps://","mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"ldaps://a:0","mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"ldaps://a/dc=example","mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        #"{"url":"ldaps://a b","mode":"bind","bindDN":"uid=${csr.subject.UID}"}"#,
        // The challenge alone names nobody.
        #"{\#(url),"mode":"bind","bindDN":"cn=all"}"#,
        #"{\#(url),"mode":"bind","bindDN":"uid=${csr.subject.UID},cn=${challenge}"}"#,
        #"{\#(url),"mode":"bind","bindDN":"uid=${csr.subject.nonsense}"}"#,
        #"{\#(url),"mode":"bind","bindDN":"uid=${csr.subject.UID"}"#,
        #"{\#(url),"mode":"bind","bindDN":"uid=${csr.subject.UID}","base":"dc=example"}"#,
        #"{\#(url),"mode":"bind",\#(search),"attribute":"code"}"#,
        #"{\#(url),"mode":"lookup",\#(search)}"#,
        #"{\#(url),"mode":"lookup","bindDN":"uid=${csr.subject.UID}","attribute":"code"}"#,
        #"{\#(url),"mode":"lookup","base":"","filter":"(code=${challenge})",\#(account)}"#,
        #"{\#(url),"mode":"lookup","base":"","filter":"(cn=*)","attribute":"code",\#(account)}"#,
        #"{\#(url),"mode":"lookup",\#(search),"attribute":"code","attributes":["Code"]}"#,
        #"{\#(url),"mode":"lookup",\#(search),"attribute":"co de"}"#,
        #"{\#(url),"mode":"lookup",\#(search),"attribute":"code","timeoutSeconds":0}"#,
        #"{\#(url),"mode":"lookup",\#(search),"attribute":"code","root":"/etc/ca.pem"}"#,
        #"{\#(url),"mode":"lookup","base":"","filter":"(cn=${csr.subject.CN})","attribute":"code"}"#,
    ])
    func whatIsWrongIsRefused(json: String) {
        #expect(throws: DecodingError.self) { try directorySettings(json) }
    }
}
