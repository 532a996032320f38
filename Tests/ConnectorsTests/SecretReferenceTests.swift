// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment
import Foundation
import TestSupport
import Testing

@testable import Connectors

struct SecretReferenceTests {
    @Test func readsAFileWithoutItsLineEndEachTimeAnew() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("secret")
        for secret in ["first", "second"] {
            try folder.write("secret", (secret + "\r\n").utf8)
            #expect(try SecretReference.file(path).read() == Array(secret.utf8))
        }
    }

    @Test func refusesWhatIsMissingEmptyOrTooLargeByItsPlaceAlone() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("secret")
        #expect(throws: SecretUnavailable.self) { try SecretReference.file(path).read() }
        try folder.write("secret", [UInt8(ascii: "\n")])
        #expect(throws: SecretUnavailable.self) { try SecretReference.file(path).read() }
        try folder.write("secret", Array(repeating: 0x73, count: SecretReference.maximumByteCount + 1))
        #expect(throws: SecretUnavailable(sentence: "the file '\(path)' is empty, too large or can't be read")) {
            try SecretReference.file(path).read()
        }
        #expect(throws: SecretUnavailable.self) { try SecretReference.environment("SCEPTIC_NO_SUCH_SECRET").read() }
    }

    @Test(arguments: [#"{}"#, #"{"file":""}"#, #"{"file":"a","environment":"B"}"#, #"{"value":"s"}"#])
    func isNamedByOnePlace(_ json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(SecretReference.self, from: Data(json.utf8))
        }
    }
}
