// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import Cryptography
internal import Testing

@Suite struct PasswordHashTests {
    /// Made by another implementation: Python's hashlib.scrypt.
    private static let foreign =
        "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk"

    @Test func readsWhatOthersHashed() throws {
        let hash = try #require(PasswordHash(Self.foreign))
        #expect(hash.text == Self.foreign)
        #expect(try hash.matches("Grüße aus Überlingen"))
        // The same letters, composed otherwise.
        #expect(try hash.matches("Gru\u{308}ße aus U\u{308}berlingen"))
        #expect(try !hash.matches("Grüße aus Überlinge"))
        #expect(try !hash.matches(""))
    }

    @Test func twoHashesOfOnePasswordDiffer() throws {
        var generator = SystemRandomNumberGenerator()
        let first = try PasswordHash(of: "correct horse", using: &generator)
        let second = try PasswordHash(of: "correct horse", using: &generator)
        #expect(first != second)
        #expect(first.text.hasPrefix("$scrypt$ln=17,r=8,p=1$"))
        #expect(try #require(PasswordHash(second.text)).matches("correct horse"))
        #expect(try !second.matches("correct horsf"))
    }

    @Test(arguments: [
        "", "$scrypt$", "scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk",
        "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$", "$scrypt$ln=14,r=8,p=1$AAEC$AAAA",
        "$scrypt$ln=30,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk",
        "$scrypt$ln=14,r=64,p=1$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk",
        "$scrypt$ln=14,r=8,p=99$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk",
        "$scrypt$ln=-1,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk",
        "$argon2$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$sAPV6dLN1Sj1bMnuL+LRzOOQGp2YL3v89J9+ArXJmUk",
    ])
    func refusesWhatIsNoHashOrCostsTooMuch(text: String) {
        #expect(PasswordHash(text) == nil)
    }
}
